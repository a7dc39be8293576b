// gate_backward: d_a = mu · d_y and d_b = (1 - mu) · d_y with mu = σ(alpha / temperature); partials = the sum of d_y · (a - b) over each row,
// for gate_alpha. A row a thread.
//
//   binding  name        shape   access
//   0        alpha       [1]     read
//   1        d_y         [N, C]  read_write, d_b on return
//   2        difference  [N, C]  read_write, a - b on entry, d_a on return
//   3        partials    [N]     read_write
//   4        params              uniform
//
// Dispatch: N / 64. Reference: test/reference/gate.ts

struct Params {
  N: u32,
  C: u32,
  temperature: f32,
}

@group(0) @binding(0) var<storage, read> alpha: array<f32>;
@group(0) @binding(1) var<storage, read_write> d_y: array<f32>;
@group(0) @binding(2) var<storage, read_write> difference: array<f32>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// The gradients of one element: what it adds to its row's sum.
fn gradient(i: u32, mu: f32) -> f32 {
  let d = d_y[i];
  let product = d * difference[i];
  difference[i] = mu * d;
  d_y[i] = (1.0 - mu) * d;
  return product;
}

@compute @workgroup_size(64)
fn gate_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = linear_group(group, groups) * 64u + local;
  if (row >= params.N) { return; }
  let mu = sigmoid(alpha[0] / params.temperature);
  var sum = 0.0;
  for (var i = row * params.C; i < (row + 1u) * params.C; i++) { sum += gradient(i, mu); }
  partials[row] = sum;
}
