// gemm_tn_ragged: as gemm_tn, by the same blocks, for any K and N, one output a thread. With BIAS also d_bias[N], as there.
//
//   binding  name    shape    access
//   0        d_y     [M, N]   read_write, only read
//   1        x       [M, K]   read_write, only read
//   2        d_w     [N, K]   read_write
//   3        d_bias  [N]      read_write, where BIAS
//   4        params           uniform
//
// Dispatch: (K / 8, N / 8). Reference: test/reference/gemm.ts

struct Params {
  M: u32,
  K: u32,
  N: u32,
  T: u32,
  first: u32,
  alpha: f32,
}

@group(0) @binding(0) var<storage, read_write> d_y: array<f32>;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> d_w: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_bias: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

override BIAS = false;

@compute @workgroup_size(8, 8)
fn gemm_tn_ragged(@builtin(global_invocation_id) id: vec3u) {
  let k = id.x;
  let n = id.y;
  if (k >= params.K || n >= params.N) { return; }
  let at = n * params.K + k;
  var sum = d_w[at];
  // One thread of a row of d_w has its bias.
  let with_bias = BIAS && k == 0u;
  var of_bias = 0.0;
  if (with_bias) { of_bias = d_bias[n]; }
  var m = 0u;
  while (m < params.M) {
    let end = block_end(m, params.first, params.T, params.M);
    var block_sum = 0.0;
    var block_bias = 0.0;
    while (m < end) {
      let g = d_y[m * params.N + n];
      block_sum += params.alpha * g * x[m * params.K + k];
      if (with_bias) { block_bias += params.alpha * g; }
      m++;
    }
    sum += block_sum;
    of_bias += block_bias;
  }
  d_w[at] = sum;
  if (with_bias) { d_bias[n] = of_bias; }
}
