// gemm_tn: d_w[N,K] += alpha · d_y[M,N]ᵀ x[M,K]: the gradient of a linear layer's weight. Each sum goes on from the value that is there, row
// after row, so that a call over all rows and calls over consecutive ranges of them give the same bits.
//
//   binding  name    shape       access
//   0        d_y     [M, width]  read_write, only read
//   1        x       [M, K]      read_write, only read
//   2        d_w     [N, K]      read_write
//   3        params              uniform
//
// K, width and `column` are multiples of 4; d_y is read from column `column` of its rows on. Dispatch: (K / 32, N / 64), a thread makes 8 rows by 8
// columns: as in gemm_nn, a number loaded serves eight sums. Reference: test/reference/gemm.ts

struct Params {
  M: u32,
  K: u32,
  N: u32,
  width: u32,
  column: u32,
  alpha: f32,
}

@group(0) @binding(0) var<storage, read_write> d_y: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> d_w: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

fn start(row: u32, column4: u32) -> vec4f {
  return d_w[min(row, params.N - 1u) * (params.K / 4u) + column4];
}

fn put(row: u32, column4: u32, sum: vec4f) {
  if (row >= params.N || column4 * 4u >= params.K) { return; }
  d_w[row * (params.K / 4u) + column4] = sum;
}

@compute @workgroup_size(4, 8)
fn gemm_tn(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * 8u;
  let K4 = params.K / 4u;
  let N4 = (params.N + 3u) / 4u;
  let column4 = id.x * 2u;
  if (column4 >= K4 || row >= params.N) { return; }
  // Rows and columns past the end repeat the last four: their sums are not written, and the loop has no branch.
  let next4 = min(column4 + 1u, K4 - 1u);
  let below = min(1u, N4 - 1u - row / 4u);
  var y = params.column / 4u + row / 4u;
  var s: array<vec4f, 16>;
  s[0] = start(row, column4);
  s[1] = start(row, next4);
  s[2] = start(row + 1u, column4);
  s[3] = start(row + 1u, next4);
  s[4] = start(row + 2u, column4);
  s[5] = start(row + 2u, next4);
  s[6] = start(row + 3u, column4);
  s[7] = start(row + 3u, next4);
  s[8] = start(row + 4u, column4);
  s[9] = start(row + 4u, next4);
  s[10] = start(row + 5u, column4);
  s[11] = start(row + 5u, next4);
  s[12] = start(row + 6u, column4);
  s[13] = start(row + 6u, next4);
  s[14] = start(row + 7u, column4);
  s[15] = start(row + 7u, next4);
  for (var m = 0u; m < params.M; m++) {
    let a0 = params.alpha * d_y[y];
    let a1 = params.alpha * d_y[y + below];
    let b0 = x[m * K4 + column4];
    let b1 = x[m * K4 + next4];
    s[0] += a0.x * b0;
    s[1] += a0.x * b1;
    s[2] += a0.y * b0;
    s[3] += a0.y * b1;
    s[4] += a0.z * b0;
    s[5] += a0.z * b1;
    s[6] += a0.w * b0;
    s[7] += a0.w * b1;
    s[8] += a1.x * b0;
    s[9] += a1.x * b1;
    s[10] += a1.y * b0;
    s[11] += a1.y * b1;
    s[12] += a1.z * b0;
    s[13] += a1.z * b1;
    s[14] += a1.w * b0;
    s[15] += a1.w * b1;
    y += params.width / 4u;
  }
  put(row, column4, s[0]);
  put(row, column4 + 1u, s[1]);
  put(row + 1u, column4, s[2]);
  put(row + 1u, column4 + 1u, s[3]);
  put(row + 2u, column4, s[4]);
  put(row + 2u, column4 + 1u, s[5]);
  put(row + 3u, column4, s[6]);
  put(row + 3u, column4 + 1u, s[7]);
  put(row + 4u, column4, s[8]);
  put(row + 4u, column4 + 1u, s[9]);
  put(row + 5u, column4, s[10]);
  put(row + 5u, column4 + 1u, s[11]);
  put(row + 6u, column4, s[12]);
  put(row + 6u, column4 + 1u, s[13]);
  put(row + 7u, column4, s[14]);
  put(row + 7u, column4 + 1u, s[15]);
}
