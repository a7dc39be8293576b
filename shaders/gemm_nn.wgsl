// gemm_nn: out[M,K] = alpha · d_y[M,N] w[N,K] (+ out): the gradient of a linear layer's input. With ACTIVATION, the product is multiplied by the
// derivative of the activation that made the input: at its argument, for tanh and relu at its value. ACCUMULATE adds 1 what is in out, 2 what is in argument, 3 that and then what
// is in out.
// DROPOUT multiplies as in dropout, 1 the product, 2 what is written.
//
//   binding  name      shape       access
//   0        d_y       [M, width]  read_write, only read
//   1        w         [N, K]      read, f32 or f16
//   2        out       [M, K]      read_write
//   3        argument  [M, K]      read_write, only read, where ACTIVATION or ACCUMULATE 2 or 3
//   4        params                uniform
//   5        step                  uniform
//
// K, width and `column` are multiples of 4; d_y is read from column `column` of its rows on, and what stands past its N columns up to the next multiple
// of 4 is 0. Not both ACTIVATION and ACCUMULATE. Dispatch: (K / 32, M / 64), a thread makes 8 rows by 8 columns: a software driver spends some hundred
// instructions on a number that it loads, and a number loaded serves eight sums. One n a turn: a loop of four, from vec4f, takes longer there.
// Reference: test/reference/gemm.ts

struct Params {
  M: u32,
  K: u32,
  N: u32,
  width: u32,
  column: u32,
  alpha: f32,
  first: u32,
  example: u32,
  site: u32,
  p: f32,
}

@group(0) @binding(0) var<storage, read_write> d_y: array<Element>;
@group(0) @binding(1) var<storage, read> w: array<Stored_w>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> argument: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<uniform> step: StepScalars;

override ACTIVATION = 0u;
override ACCUMULATE = 0u;
override DROPOUT = 0u;

fn put(row: u32, column4: u32, sum: vec4f) {
  if (row >= params.M || column4 * 4u >= params.K) { return; }
  let at = row * (params.K / 4u) + column4;
  var y = params.alpha * sum;
  if (DROPOUT == 1u) { y *= dropout_epilogue(step, params.first, params.example, params.site, params.p, at * 4u); }
  if (ACTIVATION != 0u) { y *= activation_slope(ACTIVATION, argument[at]); }
  if (ACCUMULATE >= 2u) { y += argument[at]; }
  if (ACCUMULATE == 1u || ACCUMULATE == 3u) { y += out[at]; }
  if (DROPOUT == 2u) { y *= dropout_epilogue(step, params.first, params.example, params.site, params.p, at * 4u); }
  out[at] = y;
}

@compute @workgroup_size(4, 8)
fn gemm_nn(@builtin(global_invocation_id) id: vec3u) {
  let column4 = id.x * 2u;
  let row = id.y * 8u;
  let K4 = params.K / 4u;
  if (column4 >= K4 || row >= params.M) { return; }
  // Rows and columns past the end repeat the last one: their sums are not written, and the loop has no branch.
  let last = params.M - 1u;
  let y0 = row * params.width + params.column;
  let y1 = min(row + 1u, last) * params.width + params.column;
  let y2 = min(row + 2u, last) * params.width + params.column;
  let y3 = min(row + 3u, last) * params.width + params.column;
  let y4 = min(row + 4u, last) * params.width + params.column;
  let y5 = min(row + 5u, last) * params.width + params.column;
  let y6 = min(row + 6u, last) * params.width + params.column;
  let y7 = min(row + 7u, last) * params.width + params.column;
  var at0 = column4;
  var at1 = min(column4 + 1u, K4 - 1u);
  var s: array<vec4f, 16>;
  for (var n = 0u; n < params.N; n++) {
    let b0 = read_w(at0);
    let b1 = read_w(at1);
    let a0 = d_y[y0 + n];
    let a1 = d_y[y1 + n];
    let a2 = d_y[y2 + n];
    let a3 = d_y[y3 + n];
    let a4 = d_y[y4 + n];
    let a5 = d_y[y5 + n];
    let a6 = d_y[y6 + n];
    let a7 = d_y[y7 + n];
    s[0] += a0 * b0;
    s[1] += a0 * b1;
    s[2] += a1 * b0;
    s[3] += a1 * b1;
    s[4] += a2 * b0;
    s[5] += a2 * b1;
    s[6] += a3 * b0;
    s[7] += a3 * b1;
    s[8] += a4 * b0;
    s[9] += a4 * b1;
    s[10] += a5 * b0;
    s[11] += a5 * b1;
    s[12] += a6 * b0;
    s[13] += a6 * b1;
    s[14] += a7 * b0;
    s[15] += a7 * b1;
    at0 += K4;
    at1 += K4;
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

alias Element = f32;
