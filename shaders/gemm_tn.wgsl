// gemm_tn: d_w[N,K] += alpha · d_y[M,N]ᵀ x[M,K]: the gradient of a linear layer's weight. Each sum goes on from the value that is there, row
// after row, so that a call over all rows and calls over consecutive ranges of them give the same bits.
//
//   binding  name    shape    access
//   0        d_y     [M, N]   read_write, only read
//   1        x       [M, K]   read_write, only read
//   2        d_w     [N, K]   read_write
//   3        params           uniform
//
// K, N are multiples of 4. Dispatch: (K / 32, N / 32), a thread makes 4 rows by 4 columns. Reference: src/reference/gemm.ts

struct Params {
  M: u32,
  K: u32,
  N: u32,
  alpha: f32,
}

@group(0) @binding(0) var<storage, read_write> d_y: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> d_w: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(8, 8)
fn gemm_tn(@builtin(global_invocation_id) id: vec3u) {
  let column4 = id.x;
  let row4 = id.y;
  let K4 = params.K / 4u;
  let N4 = params.N / 4u;
  if (column4 >= K4 || row4 >= N4) { return; }
  let at = row4 * 4u * K4 + column4;
  var s0 = d_w[at];
  var s1 = d_w[at + K4];
  var s2 = d_w[at + 2u * K4];
  var s3 = d_w[at + 3u * K4];
  // Four rows a turn: half as fast again on a software driver as one. One sum each, in order: a row must not see which turn it is in.
  let whole = params.M / 4u * 4u;
  for (var m = 0u; m < whole; m += 4u) {
    let a0 = params.alpha * d_y[(m + 0u) * N4 + row4];
    let b0 = x[(m + 0u) * K4 + column4];
    let a1 = params.alpha * d_y[(m + 1u) * N4 + row4];
    let b1 = x[(m + 1u) * K4 + column4];
    let a2 = params.alpha * d_y[(m + 2u) * N4 + row4];
    let b2 = x[(m + 2u) * K4 + column4];
    let a3 = params.alpha * d_y[(m + 3u) * N4 + row4];
    let b3 = x[(m + 3u) * K4 + column4];
    s0 += a0.x * b0;
    s1 += a0.y * b0;
    s2 += a0.z * b0;
    s3 += a0.w * b0;
    s0 += a1.x * b1;
    s1 += a1.y * b1;
    s2 += a1.z * b1;
    s3 += a1.w * b1;
    s0 += a2.x * b2;
    s1 += a2.y * b2;
    s2 += a2.z * b2;
    s3 += a2.w * b2;
    s0 += a3.x * b3;
    s1 += a3.y * b3;
    s2 += a3.z * b3;
    s3 += a3.w * b3;
  }
  for (var m = whole; m < params.M; m++) {
    let a = params.alpha * d_y[m * N4 + row4];
    let b = x[m * K4 + column4];
    s0 += a.x * b;
    s1 += a.y * b;
    s2 += a.z * b;
    s3 += a.w * b;
  }
  d_w[at] = s0;
  d_w[at + K4] = s1;
  d_w[at + 2u * K4] = s2;
  d_w[at + 3u * K4] = s3;
}
