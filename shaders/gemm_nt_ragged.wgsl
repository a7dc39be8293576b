// gemm_nt_ragged: as gemm_nt, for any K and N (heads of a few labels, odd ranks), one output a thread.
//
//   binding  name    shape    access
//   0        x       [M, K]   read_write, only read
//   1        w       [N, K]   read, f32 or f16
//   2        bias    [N]      read, where BIAS
//   3        out     [M, N]   read_write
//   4        pre     [M, N]   read_write, where KEEP_PRE: the argument of the activation
//   5        params           uniform
//
// Dispatch: (N / 8, M / 8). Reference: test/reference/gemm.ts

struct Params {
  M: u32,
  K: u32,
  N: u32,
  alpha: f32,
}

@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<Stored_w>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<storage, read_write> pre: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

override BIAS = false;
override ACTIVATION = 0u;
override KEEP_PRE = 0u;
override ACCUMULATE = false;

@compute @workgroup_size(8, 8)
fn gemm_nt_ragged(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  let m = id.y;
  if (n >= params.N || m >= params.M) { return; }
  var sum = 0.0;
  for (var k = 0u; k < params.K; k++) {
    sum += x[m * params.K + k] * read_w(n * params.K + k);
  }
  let at = m * params.N + n;
  var y = params.alpha * sum;
  if (BIAS) { y += bias[n]; }
  if (KEEP_PRE == 1u) { pre[at] = y; }
  y = activate(ACTIVATION, vec4f(y)).x;
  if (ACCUMULATE) { y += out[at]; }
  out[at] = y;
}
