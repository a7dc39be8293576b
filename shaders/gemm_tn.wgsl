// gemm_tn: d_w[N,K] += alpha · d_y[M,N]ᵀ x[M,K]: the gradient of a linear layer's weight, by blocks of rows (prelude). With BIAS, where
// the N columns are whole rows, d_bias[N] += the sum over rows of alpha · d_y, as column_sum.
//
//   binding  name    shape       access
//   0        d_y     [M, width]  read_write, only read
//   1        x       [M, K]      read_write, only read
//   2        d_w     [N, K]      read_write
//   3        d_bias  [N]         read_write, where BIAS
//   4        params              uniform
//
// K, width and `column` are multiples of 4; d_y is read from column `column` of its rows on. Dispatch: (K / 32, N / 64), a thread makes 8 rows by 8
// columns: as in gemm_nn, a number loaded serves eight sums. Reference: test/reference/gemm.ts

struct Params {
  M: u32,
  K: u32,
  N: u32,
  width: u32,
  column: u32,
  T: u32,
  first: u32,
  alpha: f32,
}

@group(0) @binding(0) var<storage, read_write> d_y: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> d_w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> d_bias: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

override BIAS = false;

// Four rows of d_w by four columns.
fn start(row: u32, column4: u32) -> mat4x4f {
  let K4 = params.K / 4u;
  let at = min(vec4u(row, row + 1u, row + 2u, row + 3u), vec4u(params.N - 1u)) * K4 + column4;
  return mat4x4f(d_w[at.x], d_w[at.y], d_w[at.z], d_w[at.w]);
}

fn put(row: u32, column4: u32, sum: mat4x4f) {
  let K4 = params.K / 4u;
  if (column4 >= K4) { return; }
  let at = row * K4 + column4;
  if (row < params.N) { d_w[at] = sum[0]; }
  if (row + 1u < params.N) { d_w[at + K4] = sum[1]; }
  if (row + 2u < params.N) { d_w[at + 2u * K4] = sum[2]; }
  if (row + 3u < params.N) { d_w[at + 3u * K4] = sum[3]; }
}

fn outer(a: vec4f, b: vec4f) -> mat4x4f {
  return mat4x4f(a.x * b, a.y * b, a.z * b, a.w * b);
}

// The sum over rows of four columns of alpha · d_y.
fn add_bias(column4: u32) {
  var sum = d_bias[column4];
  var m = 0u;
  while (m < params.M) {
    let end = block_end(m, params.first, params.T, params.M);
    var block_sum = vec4f();
    while (m < end) {
      block_sum += params.alpha * d_y[m * (params.width / 4u) + column4];
      m++;
    }
    sum += block_sum;
  }
  d_bias[column4] = sum;
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
  var block00 = start(row, column4);
  var block01 = start(row, next4);
  var block10 = start(row + 4u, column4);
  var block11 = start(row + 4u, next4);
  var sum00 = mat4x4f();
  var sum01 = mat4x4f();
  var sum10 = mat4x4f();
  var sum11 = mat4x4f();
  var m = 0u;
  while (m < params.M) {
    var end = params.M;
    // Where every row is an example, each is a block, which is added at once.
    if (params.T > 1u) {
      end = block_end(m, params.first, params.T, params.M);
      sum00 += block00;
      sum01 += block01;
      sum10 += block10;
      sum11 += block11;
      block00 = mat4x4f();
      block01 = mat4x4f();
      block10 = mat4x4f();
      block11 = mat4x4f();
    }
    while (m < end) {
      let a0 = params.alpha * d_y[y];
      let a1 = params.alpha * d_y[y + below];
      let b0 = x[m * K4 + column4];
      let b1 = x[m * K4 + next4];
      block00 += outer(a0, b0);
      block01 += outer(a0, b1);
      block10 += outer(a1, b0);
      block11 += outer(a1, b1);
      y += params.width / 4u;
      m++;
    }
  }
  if (BIAS && id.x == 0u) {
    add_bias(row / 4u);
    if (below > 0u) { add_bias(row / 4u + 1u); }
  }
  put(row, column4, sum00 + block00);
  put(row, column4 + 1u, sum01 + block01);
  put(row + 4u, column4, sum10 + block10);
  put(row + 4u, column4 + 1u, sum11 + block11);
}
