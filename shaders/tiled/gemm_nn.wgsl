// gemm_nn for graphics processors, of more than 64 columns: tiles in workgroup memory. A workgroup makes TILE_M rows by 64 columns and takes 16 numbers along N
// at a time; a thread makes 8 rows by 4 columns, each sum from zero in ascending order. 16 by TILE_M / 8 threads; with TILE_M 64 they are 128 and have 8 KiB of
// workgroup memory, with 128 they are 256 and have 12. Dispatch: (K / 64, M / TILE_M)

override TILE_M = 64u;
// Rows along N of a tile: four vec4s of d_y, 16 rows of w.
const TILE_N4 = 4u;

var<workgroup> y_tile: array<vec4f, TILE_M * TILE_N4>;
var<workgroup> w_tile: array<vec4f, 256>;

alias Element = vec4f;

@compute @workgroup_size(16, TILE_M / 8u)
fn gemm_nn(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32) {
  // What a thread stages: vec4 `along` of two rows of d_y, and a vec4 of one row of w or two, `next` and `next` + 8. Rows and columns past the end repeat the
  // last one: their sums are not written.
  let staged = group.y * TILE_M + index / TILE_N4 + vec2u(0u, TILE_M / 2u);
  let rows = min(staged, vec2u(params.M - 1u)) * (params.width / 4u) + params.column / 4u;
  let column4 = group.x * 16u + local.x;
  let column = min(column4, params.K / 4u - 1u);
  var along = index % TILE_N4;
  var next = local.y;
  // Loaded while the tile before is multiplied.
  var y0 = y_in(rows.x, along);
  var y1 = y_in(rows.y, along);
  var w0 = w_in(next, column);
  var w1: vec4f;
  if (TILE_M < 128u) { w1 = w_in(next + 8u, column); }
  // Of the thread's rows, which are TILE_M / 8 apart.
  let y_at = local.y * TILE_N4;
  var s: array<vec4f, 8>;
  for (var n = 0u; n < params.N; n += 16u) {
    workgroupBarrier();
    y_tile[index] = y0;
    y_tile[index + TILE_M * 2u] = y1;
    w_tile[index] = w0;
    if (TILE_M < 128u) { w_tile[index + 128u] = w1; }
    workgroupBarrier();
    along += TILE_N4;
    next += 16u;
    y0 = y_in(rows.x, along);
    y1 = y_in(rows.y, along);
    w0 = w_in(next, column);
    if (TILE_M < 128u) { w1 = w_in(next + 8u, column); }
    for (var i = 0u; i < TILE_N4; i++) {
      let w_i = i * 64u + local.x;
      let y_i = y_at + i;
      let b = mat4x4f(w_tile[w_i], w_tile[w_i + 16u], w_tile[w_i + 32u], w_tile[w_i + 48u]);
      s[0] = add_products(s[0], y_tile[y_i], b);
      s[1] = add_products(s[1], y_tile[y_i + TILE_M / 2u], b);
      s[2] = add_products(s[2], y_tile[y_i + TILE_M], b);
      s[3] = add_products(s[3], y_tile[y_i + TILE_M / 2u * 3u], b);
      s[4] = add_products(s[4], y_tile[y_i + TILE_M * 2u], b);
      s[5] = add_products(s[5], y_tile[y_i + TILE_M / 2u * 5u], b);
      s[6] = add_products(s[6], y_tile[y_i + TILE_M * 3u], b);
      s[7] = add_products(s[7], y_tile[y_i + TILE_M / 2u * 7u], b);
    }
  }
  let row = group.y * TILE_M + local.y;
  put(row, column4, s[0]);
  put(row + TILE_M / 8u, column4, s[1]);
  put(row + TILE_M / 4u, column4, s[2]);
  put(row + TILE_M / 8u * 3u, column4, s[3]);
  put(row + TILE_M / 2u, column4, s[4]);
  put(row + TILE_M / 8u * 5u, column4, s[5]);
  put(row + TILE_M / 4u * 3u, column4, s[6]);
  put(row + TILE_M / 8u * 7u, column4, s[7]);
}

// Vec4 n4 of a row of d_y; zeros past the N columns.
fn y_in(row: u32, n4: u32) -> vec4f {
  return select(vec4f(), d_y[row + n4], n4 * 4u < params.N);
}

// A vec4 of row n of w; zeros past the N rows.
fn w_in(n: u32, column4: u32) -> vec4f {
  return select(vec4f(), read_w(n * (params.K / 4u) + column4), n < params.N);
}
