// scale_add: in place, where WITH_F is 1 x = alpha · x + beta · f, 0 x = alpha · x, 2 x = beta · f: float streams, the gradients of streams, sums.
//
//   binding  name    shape    access
//   0        x       [count]  read_write
//   1        f       [count]  read_write, only read, where WITH_F
//   2        params           uniform
//
// Dispatch: count / 256, 4 elements a thread. Reference: test/reference/stream.ts

struct Params {
  count: u32,
  alpha: f32,
  beta: f32,
}

@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> f: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

override WITH_F = 1u;

@compute @workgroup_size(64)
fn scale_add(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = linear_group(group, groups) * 256u + local;
  let end = min(first + 256u, params.count);
  for (var i = first; i < end; i += 64u) {
    var value = 0.0;
    if (WITH_F < 2u) { value = params.alpha * x[i]; }
    if (WITH_F > 0u) { value += params.beta * f[i]; }
    x[i] = value;
  }
}
