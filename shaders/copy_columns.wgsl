// copy_columns: y[n, y_from + c] = x[n, x_from + c] for c < C, 32-bit words of any type.
//
//   binding  name    shape         access
//   0        x       [N, x_width]  read_write, only read
//   1        y       [N, y_width]  read_write
//   2        params                uniform
//
// Dispatch: N · C / 256, 4 elements a thread. Reference: test/reference/words.ts

struct Params {
  N: u32,
  C: u32,
  x_width: u32,
  x_from: u32,
  y_width: u32,
  y_from: u32,
}

@group(0) @binding(0) var<storage, read_write> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn copy_columns(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = linear_group(group, groups) * 256u + local;
  let end = min(first + 256u, params.N * params.C);
  for (var i = first; i < end; i += 64u) {
    let n = i / params.C;
    let c = i % params.C;
    y[n * params.y_width + params.y_from + c] = x[n * params.x_width + params.x_from + c];
  }
}
