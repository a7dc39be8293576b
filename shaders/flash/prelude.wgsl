// flash/prelude: what the forms of attention for graphics processors share, after FlashAttention-2 (Dao, arXiv:2307.08691); appended to each of them. A
// workgroup has ROWS rows of one head of one example (queries, or keys on the way back to them) and goes over those of the other side 32 at a time, here called
// columns. Eight lanes share a row: a lane has R rows, for them four columns of the scores, and an eighth of the head of their sums. R: rows a lane, which a
// kernel says.
//
// Products of rows and columns are made from chunks of their heads that lie in workgroup memory, 32 numbers or less; sums of columns from whole columns, as many
// as have room. Every number of a sum is added in the same order whatever B, T and the tile are, so that a row has the same bits in any part of a batch.
//
// Workgroup memory at any head size up to 128: 144 bytes a row, 4,608 of columns, 16 of a length, and in the forward pass 32 a row; in all 10,256 for 32 rows and
// 15,888 for 64. Arrays that a loop makes name their first value: Dawn gives them none in the second turn where they are declared without (seen in 2026).

override ROWS = 32u;

// Columns that a turn goes over.
const COLUMNS = 32u;
// vec4 from a row in workgroup memory to the next: odd, so that eight lanes that read eight rows meet in no bank.
const STRIDE = 9u;
// vec4 of the head that a lane sums, and chunks of the head; vec4 of a chunk.
const SHARE = (HD4 + 7u) / 8u;
const CHUNK = (HD4 + SHARE - 1u) / SHARE;
// Whole columns that have room at a time.
const GROUP = select(select(8u, 16u, HD4 <= 16u), COLUMNS, HD4 <= 8u);

alias Products = array<vec4f, R>;
alias Sums = array<array<vec4f, SHARE>, R>;

// A chunk of each row, and afterwards each row's 32 weights.
var<workgroup> rows: array<vec4f, ROWS * STRIDE>;
// A chunk of each column, or some columns in whole.
var<workgroup> columns: array<vec4f, COLUMNS * STRIDE>;
var<workgroup> shared_length: u32;

// Tokens of the example of which `pair` is a head, as a number that is the same for all threads: loops with barriers may depend on it.
fn length_of(pair: u32, local: u32) -> u32 {
  if (local == 0u) { shared_length = min(lengths[params.first + pair / params.NH], params.S - params.prefix); }
  return workgroupUniformLoad(&shared_length);
}

// Where the first row of example and head `pair` lies, of `count` rows an example.
fn origin_of(pair: u32, count: u32) -> u32 {
  return (pair / params.NH * count * params.NH + pair % params.NH) * HD4;
}

// Numbers 4 c to 4 c + 3 of the head of a row behind an origin; zeros from row `end` on and past the head.
fn query_at(origin: u32, row: u32, c: u32, end: u32) -> vec4f {
  if (row >= end || c >= HD4) { return vec4f(); }
  return params.scale * q[origin + row * params.NH * HD4 + c];
}

fn key_at(origin: u32, row: u32, c: u32, end: u32) -> vec4f {
  if (row >= end || c >= HD4) { return vec4f(); }
  return k[origin + row * params.NH * HD4 + c];
}

fn value_at(origin: u32, row: u32, c: u32, end: u32) -> vec4f {
  if (row >= end || c >= HD4) { return vec4f(); }
  return v[origin + row * params.NH * HD4 + c];
}

// Where the chunk of column j lies: a lane has columns 4 lane.x to 4 lane.x + 3, and lanes side by side read rows side by side.
fn column_at(j: u32) -> u32 {
  return (j % 4u * 8u + j / 4u) * STRIDE;
}

// sum + a.x b[0] + a.y b[1] + a.z b[2] + a.w b[3], a multiply-add each.
fn plus(sum: vec4f, a: vec4f, b: mat4x4f) -> vec4f {
  return sum + a.x * b[0] + a.y * b[1] + a.z * b[2] + a.w * b[3];
}

// Adds to the products of the lane's rows with its four columns those of the chunk that lies there.
fn multiply_rows(products: ptr<function, Products>, lane: vec2u) {
  for (var c = 0u; c < CHUNK; c++) {
    let at = lane.x * STRIDE + c;
    let four = transpose(mat4x4f(columns[at], columns[at + 8u * STRIDE], columns[at + 16u * STRIDE], columns[at + 24u * STRIDE]));
    for (var i = 0u; i < R; i++) { (*products)[i] = plus((*products)[i], rows[(lane.y * R + i) * STRIDE + c], four); }
  }
}

// Keeps the weights of the lane's rows at its four columns for add_columns.
fn keep_weights(weights: Products, lane: vec2u) {
  for (var i = 0u; i < R; i++) { rows[(lane.y * R + i) * STRIDE + lane.x] = weights[i]; }
}

// Adds to the sums of the lane's rows the columns that lie there, from column `first` on, by their weights.
fn add_columns(sums: ptr<function, Sums>, first: u32, lane: vec2u) {
  for (var j = 0u; j < GROUP; j += 4u) {
    var weights = Products();
    for (var i = 0u; i < R; i++) { weights[i] = rows[(lane.y * R + i) * STRIDE + (first + j) / 4u]; }
    for (var n = 0u; n < SHARE; n++) {
      // Lanes past the end of the head repeat its last numbers, and write nothing.
      let at = j * HD4 + min(n * 8u + lane.x, HD4 - 1u);
      let four = mat4x4f(columns[at], columns[at + HD4], columns[at + 2u * HD4], columns[at + 3u * HD4]);
      for (var i = 0u; i < R; i++) { (*sums)[i][n] = plus((*sums)[i][n], weights[i], four); }
    }
  }
}
