// scale_columns: y = x · l, a factor for each column. IN_PLACE: on x, and y is not used; that is also the gradient, on d_y.
//
//   binding  name    shape   access
//   0        x       [N, C]  read_write
//   1        l       [C]     read
//   2        y       [N, C]  read_write
//   3        params          uniform
//
// Dispatch: N · C / 256, 4 elements a thread. Reference: test/reference/columns.ts

struct Params {
  N: u32,
  C: u32,
}

@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read> l: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

override IN_PLACE = false;

@compute @workgroup_size(64)
fn scale_columns(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = linear_group(group, groups) * 256u + local;
  let end = min(first + 256u, params.N * params.C);
  for (var i = first; i < end; i += 64u) {
    let scaled = x[i] * l[i % params.C];
    if (IN_PLACE) {
      x[i] = scaled;
    } else {
      y[i] = scaled;
    }
  }
}
