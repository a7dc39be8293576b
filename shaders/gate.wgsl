// gate: y = mu · a + (1 - mu) · b with mu = σ(alpha / temperature), in place on b; a becomes a - b, which the gradient needs.
//
//   binding  name    shape    access
//   0        alpha   [1]      read
//   1        a       [count]  read_write, a - b on return
//   2        b       [count]  read_write, y on return
//   3        params           uniform
//
// Dispatch: count / 256, 4 elements a thread. Reference: test/reference/gate.ts

struct Params {
  count: u32,
  temperature: f32,
}

@group(0) @binding(0) var<storage, read> alpha: array<f32>;
@group(0) @binding(1) var<storage, read_write> a: array<f32>;
@group(0) @binding(2) var<storage, read_write> b: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn gate(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let mu = sigmoid(alpha[0] / params.temperature);
  let first = linear_group(group, groups) * 256u + local;
  let end = min(first + 256u, params.count);
  for (var i = first; i < end; i += 64u) {
    let difference = a[i] - b[i];
    b[i] = mu * a[i] + (1.0 - mu) * b[i];
    a[i] = difference;
  }
}
