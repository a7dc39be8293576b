// gemm_nt: out[M,N] = act(alpha · x[M,K] w[N,K]ᵀ + bias[N]) (+ out): the forward product of a linear layer. With DROPOUT, where the N columns are whole rows,
// act(..) is multiplied as in dropout. ACCUMULATE adds 1 what is in out, 2 what is in pre, 3 that of out and then of pre.
//
//   binding  name    shape       access
//   0        x       [M, K]      read_write, only read
//   1        w       [N, K]      read, f32 or f16
//   2        bias    [width]     read, where BIAS, up to the last of the N columns
//   3        out     [M, width]  read_write
//   4        pre     [M, width]  read_write, where KEEP_PRE: 1 the argument of act, 2 its value; only read, where ACCUMULATE is 2 or 3
//   5        params  uniform
//   6        step    uniform
//
// K, width and `column` are multiples of 4. The N columns are written from column `column` of wider rows on, and zeros up to the next multiple of 4, so
// that a table of an odd number of rows, or in pieces, fills one matrix. Dispatch: (N / 32, M / 32). A thread makes 4 rows by 4 columns from
// registers alone: neither shared memory nor barriers, which lose on Apple and on software drivers. Reference: test/reference/gemm.ts

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

@group(0) @binding(0) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<Stored_w>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> pre: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;
@group(0) @binding(6) var<uniform> step: StepScalars;

override BIAS = false;
override ACTIVATION = 0u;
override KEEP_PRE = 0u;
override ACCUMULATE = 0u;
override DROPOUT = false;

fn put(row: u32, column4: u32, sum: vec4f) {
  if (row >= params.M || column4 * 4u >= params.N) { return; }
  let at = row * (params.width / 4u) + params.column / 4u + column4;
  let columns = column4 * 4u + vec4u(0u, 1u, 2u, 3u);
  let held = min(columns, vec4u(params.N - 1u));
  let inside = columns == held;
  var y = params.alpha * sum;
  if (BIAS) {
    let b = params.column + held;
    y += vec4f(bias[b.x], bias[b.y], bias[b.z], bias[b.w]);
  }
  if (KEEP_PRE == 1u) { pre[at] = select(vec4f(), y, inside); }
  y = activate(ACTIVATION, y);
  if (KEEP_PRE == 2u) { pre[at] = select(vec4f(), y, inside); }
  if (DROPOUT) { y *= dropout_epilogue(step, params.first, params.example, params.site, params.p, at * 4u); }
  if (ACCUMULATE == 1u || ACCUMULATE == 3u) { y += out[at]; }
  if (ACCUMULATE >= 2u) { y += pre[at]; }
  out[at] = select(vec4f(), y, inside);
}

@compute @workgroup_size(8, 8)
fn gemm_nt(@builtin(global_invocation_id) id: vec3u) {
  let column4 = id.x;
  let row = id.y * 4u;
  if (column4 * 4u >= params.N || row >= params.M) { return; }
  let K4 = params.K / 4u;
  let last = params.M - 1u;
  // Rows past the end repeat the last one, of x and of w: their sums are not written, and the loop has no branch.
  let x0 = row * K4;
  let x1 = min(row + 1u, last) * K4;
  let x2 = min(row + 2u, last) * K4;
  let x3 = min(row + 3u, last) * K4;
  let w0 = column4 * 4u * K4;
  let w1 = min(column4 * 4u + 1u, params.N - 1u) * K4;
  let w2 = min(column4 * 4u + 2u, params.N - 1u) * K4;
  let w3 = min(column4 * 4u + 3u, params.N - 1u) * K4;
  var s0 = vec4f();
  var s1 = vec4f();
  var s2 = vec4f();
  var s3 = vec4f();
  for (var k = 0u; k < K4; k++) {
    let a0 = x[x0 + k];
    let a1 = x[x1 + k];
    let a2 = x[x2 + k];
    let a3 = x[x3 + k];
    let b0 = read_w(w0 + k);
    let b1 = read_w(w1 + k);
    let b2 = read_w(w2 + k);
    let b3 = read_w(w3 + k);
    s0 += vec4f(dot(a0, b0), dot(a0, b1), dot(a0, b2), dot(a0, b3));
    s1 += vec4f(dot(a1, b0), dot(a1, b1), dot(a1, b2), dot(a1, b3));
    s2 += vec4f(dot(a2, b0), dot(a2, b1), dot(a2, b2), dot(a2, b3));
    s3 += vec4f(dot(a3, b0), dot(a3, b1), dot(a3, b2), dot(a3, b3));
  }
  put(row, column4, s0);
  put(row + 1u, column4, s1);
  put(row + 2u, column4, s2);
  put(row + 3u, column4, s3);
}
