// gemm_nn: out[M,K] = alpha · d_y[M,N] w[N,K] (+ out): the gradient of a linear layer's input. With ACTIVATION, out holds the argument of
// the activation on entry (for tanh its value), and the product is multiplied by the derivative there, in place.
//
//   binding  name    shape    access
//   0        d_y     [M, N]   read_write, only read
//   1        w       [N, K]   read, f32 or f16
//   2        out     [M, K]   read_write
//   3        params           uniform
//
// K, N are multiples of 4; not both ACTIVATION and ACCUMULATE. Dispatch: (K / 32, M / 32), a thread makes 4 rows by 4 columns.
// Reference: src/reference/gemm.ts

struct Params {
  M: u32,
  K: u32,
  N: u32,
  alpha: f32,
}

@group(0) @binding(0) var<storage, read_write> d_y: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<Stored4>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

override ACTIVATION = 0u;
override ACCUMULATE = false;

fn put(row: u32, column4: u32, sum: vec4f) {
  if (row >= params.M) { return; }
  let at = row * (params.K / 4u) + column4;
  var y = params.alpha * sum;
  if (ACTIVATION != 0u) { y *= activation_slope(ACTIVATION, out[at]); }
  if (ACCUMULATE) { y += out[at]; }
  out[at] = y;
}

@compute @workgroup_size(8, 8)
fn gemm_nn(@builtin(global_invocation_id) id: vec3u) {
  let column4 = id.x;
  let row = id.y * 4u;
  let K4 = params.K / 4u;
  let N4 = params.N / 4u;
  if (column4 >= K4 || row >= params.M) { return; }
  // Rows past the end repeat the last one: their sums are not written, and the loop has no branch.
  let last = params.M - 1u;
  let y0 = row * N4;
  let y1 = min(row + 1u, last) * N4;
  let y2 = min(row + 2u, last) * N4;
  let y3 = min(row + 3u, last) * N4;
  var s0 = vec4f();
  var s1 = vec4f();
  var s2 = vec4f();
  var s3 = vec4f();
  var at = column4;
  for (var n = 0u; n < N4; n++) {
    let a0 = d_y[y0 + n];
    let a1 = d_y[y1 + n];
    let a2 = d_y[y2 + n];
    let a3 = d_y[y3 + n];
    let b0 = widen(w[at]);
    let b1 = widen(w[at + K4]);
    let b2 = widen(w[at + 2u * K4]);
    let b3 = widen(w[at + 3u * K4]);
    s0 += a0.x * b0 + a0.y * b1 + a0.z * b2 + a0.w * b3;
    s1 += a1.x * b0 + a1.y * b1 + a1.z * b2 + a1.w * b3;
    s2 += a2.x * b0 + a2.y * b1 + a2.z * b2 + a2.w * b3;
    s3 += a3.x * b0 + a3.y * b1 + a3.z * b2 + a3.w * b3;
    at += 4u * K4;
  }
  put(row, column4, s0);
  put(row + 1u, column4, s1);
  put(row + 2u, column4, s2);
  put(row + 3u, column4, s3);
}
