// gemm_nn_ragged: as gemm_nn, for any K and N, one output a thread; with DROPOUT the product is multiplied as in dropout.
//
//   binding  name      shape    access
//   0        d_y       [M, N]   read_write, only read
//   1        w         [N, K]   read, f32 or f16
//   2        out       [M, K]   read_write
//   3        argument  [M, K]   read_write, only read, where ACTIVATION
//   4        params             uniform
//   5        step               uniform
//
// Dispatch: (K / 8, M / 8). Reference: test/reference/gemm.ts

struct Params {
  M: u32,
  K: u32,
  N: u32,
  alpha: f32,
  first: u32,
  example: u32,
  site: u32,
  p: f32,
}

@group(0) @binding(0) var<storage, read_write> d_y: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<Stored_w>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<storage, read_write> argument: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<uniform> step: StepScalars;

override ACTIVATION = 0u;
override ACCUMULATE = false;
override DROPOUT = false;

@compute @workgroup_size(8, 8)
fn gemm_nn_ragged(@builtin(global_invocation_id) id: vec3u) {
  let k = id.x;
  let m = id.y;
  if (k >= params.K || m >= params.M) { return; }
  var sum = 0.0;
  for (var n = 0u; n < params.N; n++) {
    sum += d_y[m * params.N + n] * read_w(n * params.K + k);
  }
  let at = m * params.K + k;
  var y = params.alpha * sum;
  if (DROPOUT) { y *= dropout_epilogue(step, params.first, params.example, params.site, params.p, at).x; }
  if (ACTIVATION != 0u) { y *= activation_slope(ACTIVATION, vec4f(argument[at])).x; }
  if (ACCUMULATE) { y += out[at]; }
  out[at] = y;
}
