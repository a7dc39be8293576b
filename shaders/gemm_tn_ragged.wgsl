// gemm_tn_ragged: as gemm_tn, by the same blocks, for any K and N, one output a thread.
//
//   binding  name    shape    access
//   0        d_y     [M, N]   read_write, only read
//   1        x       [M, K]   read_write, only read
//   2        d_w     [N, K]   read_write
//   3        params           uniform
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
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(8, 8)
fn gemm_tn_ragged(@builtin(global_invocation_id) id: vec3u) {
  let k = id.x;
  let n = id.y;
  if (k >= params.K || n >= params.N) { return; }
  let at = n * params.K + k;
  var sum = d_w[at];
  var m = 0u;
  while (m < params.M) {
    let end = block_end(m, params.first, params.T, params.M);
    var block_sum = 0.0;
    while (m < end) {
      block_sum += params.alpha * d_y[m * params.N + n] * x[m * params.K + k];
      m++;
    }
    sum += block_sum;
  }
  d_w[at] = sum;
}
