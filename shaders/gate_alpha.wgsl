// gate_alpha: d_alpha += mu · (1 - mu) / temperature · sum of partials with mu = σ(alpha / temperature), by one thread, by
// blocks of rows (prelude).
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
  T: u32,
  first: u32,
  temperature: f32,
}

@group(0) @binding(0) var<storage, read> alpha: array<f32>;
@group(0) @binding(1) var<storage, read_write> partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> d_alpha: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

// d_alpha for a unit of d_mu.
fn gate_slope() -> f32 {
  let mu = sigmoid(alpha[0] / params.temperature);
  return mu * (1.0 - mu) / params.temperature;
}

@compute @workgroup_size(1)
fn gate_alpha() {
  let slope = gate_slope();
  var sum = d_alpha[0];
  var n = 0u;
  while (n < params.N) {
    let end = block_end(n, params.first, params.T, params.N);
    var block_sum = 0.0;
    while (n < end) {
      block_sum += slope * partials[n];
      n++;
    }
    sum += block_sum;
  }
  d_alpha[0] = sum;
}
