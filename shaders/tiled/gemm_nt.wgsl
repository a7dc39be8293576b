// gemm_nt for graphics processors, of 64 columns and more: tiles in workgroup memory. A workgroup makes TILE_M rows by 64 columns and takes 16 numbers along K
// at a time; a thread makes 8 rows by 4 columns, each sum from zero in ascending order. 16 by TILE_M / 8 threads; with TILE_M 64 they are 128 and have 9 KiB of
// workgroup memory, with 128 they are 256 and have 13. Dispatch: (N / 64, M / TILE_M)

override TILE_M = 64u;
// Numbers along K are vec4s, four to a row of a tile.
const TILE_K4 = 4u;
// Rows of w stand one vec4 further apart, and those of columns c, c + 4, c + 8 .. one after another: eight lanes then read from eight different banks.
const W_STRIDE = 5u;

var<workgroup> x_tile: array<vec4f, TILE_M * TILE_K4>;
var<workgroup> w_tile: array<vec4f, 64u * W_STRIDE>;

@compute @workgroup_size(16, TILE_M / 8u)
fn gemm_nt(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32) {
  let K4 = params.K / 4u;
  // What a thread stages: vec4 `along` of two rows of x, and of one row of w or two. Rows past the end repeat the last one: their sums are not written.
  let along = index % TILE_K4;
  let staged = index / TILE_K4;
  let rows = min(group.y * TILE_M + staged + vec2u(0u, TILE_M / 2u), vec2u(params.M - 1u)) * K4;
  let slots = staged + vec2u(0u, 32u);
  let columns = min(group.x * 64u + slots % 16u * 4u + slots / 16u, vec2u(params.N - 1u)) * K4;
  // Loaded while the tile before is multiplied.
  var x0 = x_in(rows.x, along, K4);
  var x1 = x_in(rows.y, along, K4);
  var w0 = w_in(columns.x, along, K4);
  var w1: vec4f;
  if (TILE_M < 128u) { w1 = w_in(columns.y, along, K4); }
  // Of the thread's rows, which are TILE_M / 8 apart, and columns, which are 16 slots apart.
  let x_at = local.y * TILE_K4;
  let w_at = local.x * W_STRIDE;
  var s: array<vec4f, 8>;
  for (var k = 0u; k < K4; k += TILE_K4) {
    workgroupBarrier();
    x_tile[index] = x0;
    x_tile[index + TILE_M * 2u] = x1;
    w_tile[slots.x * W_STRIDE + along] = w0;
    if (TILE_M < 128u) { w_tile[slots.y * W_STRIDE + along] = w1; }
    workgroupBarrier();
    let next = k + TILE_K4 + along;
    x0 = x_in(rows.x, next, K4);
    x1 = x_in(rows.y, next, K4);
    w0 = w_in(columns.x, next, K4);
    if (TILE_M < 128u) { w1 = w_in(columns.y, next, K4); }
    for (var i = 0u; i < TILE_K4; i++) {
      let w_i = w_at + i;
      let x_i = x_at + i;
      let b = transpose(
        mat4x4f(w_tile[w_i], w_tile[w_i + 16u * W_STRIDE], w_tile[w_i + 32u * W_STRIDE], w_tile[w_i + 48u * W_STRIDE]),
      );
      s[0] = add_products(s[0], x_tile[x_i], b);
      s[1] = add_products(s[1], x_tile[x_i + TILE_M / 2u], b);
      s[2] = add_products(s[2], x_tile[x_i + TILE_M], b);
      s[3] = add_products(s[3], x_tile[x_i + TILE_M / 2u * 3u], b);
      s[4] = add_products(s[4], x_tile[x_i + TILE_M * 2u], b);
      s[5] = add_products(s[5], x_tile[x_i + TILE_M / 2u * 5u], b);
      s[6] = add_products(s[6], x_tile[x_i + TILE_M * 3u], b);
      s[7] = add_products(s[7], x_tile[x_i + TILE_M / 2u * 7u], b);
    }
  }
  let row = group.y * TILE_M + local.y;
  let column4 = group.x * 16u + local.x;
  put(row, column4, s[0]);
  put(row + TILE_M / 8u, column4, s[1]);
  put(row + TILE_M / 4u, column4, s[2]);
  put(row + TILE_M / 8u * 3u, column4, s[3]);
  put(row + TILE_M / 2u, column4, s[4]);
  put(row + TILE_M / 8u * 5u, column4, s[5]);
  put(row + TILE_M / 4u * 3u, column4, s[6]);
  put(row + TILE_M / 8u * 7u, column4, s[7]);
}

// Vec4 k of a row, which begins at `row` and is K4 long; zeros past its end.
fn x_in(row: u32, k: u32, K4: u32) -> vec4f {
  return select(vec4f(), x[row + k], k < K4);
}

fn w_in(row: u32, k: u32, K4: u32) -> vec4f {
  return select(vec4f(), read_w(row + k), k < K4);
}
