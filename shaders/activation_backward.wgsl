// activation_backward: d_x = d_y · act'(x), in place on d_y; for tanh, x is the value of the activation.
//
//   binding  name    shape    access
//   0        d_y     [count]  read_write, d_x on return
//   1        x       [count]  read_write, only read
//   2        params           uniform
//
// Dispatch: count / 256, 4 elements a thread. Reference: test/reference/activation.ts

struct Params {
  count: u32,
}

@group(0) @binding(0) var<storage, read_write> d_y: array<f32>;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

override ACTIVATION = 0u;

@compute @workgroup_size(64)
fn activation_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = linear_group(group, groups) * 256u + local;
  let end = min(first + 256u, params.count);
  for (var i = first; i < end; i += 64u) {
    d_y[i] *= activation_slope(ACTIVATION, vec4f(x[i])).x;
  }
}
