// scale_add_inverse: x = (y - f) / alpha, in place on y: inverts scale_add with beta = 1, up to rounding.
//
//   binding  name    shape    access
//   0        y       [count]  read_write, x on return
//   1        f       [count]  read_write, only read
//   2        params           uniform
//
// Dispatch: count / 256, 4 elements a thread. Reference: test/reference/stream.ts

struct Params {
  count: u32,
  alpha: f32,
}

@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read_write> f: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn scale_add_inverse(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = linear_group(group, groups) * 256u + local;
  let end = min(first + 256u, params.count);
  for (var i = first; i < end; i += 64u) {
    y[i] = (y[i] - f[i]) / params.alpha;
  }
}
