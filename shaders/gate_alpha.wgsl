// gate_alpha: d_alpha += mu · (1 - mu) / temperature · sum of partials with mu = σ(alpha / temperature), by one thread, row after row from the
// value that is there.
//
//   binding  name      shape  access
//   0        alpha     [1]    read
//   1        partials  [N]    read_write, only read
//   2        d_alpha   [1]    read_write
//   3        params           uniform
//
// Dispatch: 1. Reference: test/reference/gate.ts

struct Params {
  N: u32,
  temperature: f32,
}

@group(0) @binding(0) var<storage, read> alpha: array<f32>;
@group(0) @binding(1) var<storage, read_write> partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> d_alpha: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(1)
fn gate_alpha() {
  let mu = sigmoid(alpha[0] / params.temperature);
  let slope = mu * (1.0 - mu) / params.temperature;
  var sum = d_alpha[0];
  for (var n = 0u; n < params.N; n++) { sum += slope * partials[n]; }
  d_alpha[0] = sum;
}
