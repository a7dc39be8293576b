// gemm_tn for graphics processors: tiles in workgroup memory. A workgroup makes TILE_M rows by 64 columns of d_w and takes up to 16 rows of a block (prelude) at a
// time; a thread makes 8 rows by 4 columns, with the bits of ../gemm_tn.wgsl. 16 by TILE_M / 8 threads; with TILE_M 64 they are 128 and have 8 KiB of workgroup
// memory, with 128 they are 256 and have 12. Dispatch: (K / 64, N / TILE_M)

override TILE_M = 64u;

var<workgroup> y_tile: array<vec4f, TILE_M * 4u>;
var<workgroup> x_tile: array<vec4f, 256>;

@compute @workgroup_size(16, TILE_M / 8u)
fn gemm_tn(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32) {
  let row = group.y * TILE_M + local.y * 8u;
  let column4 = group.x * 16u + local.x;
  // What a thread stages: a vec4 of two rows of d_y, `y_row` and `y_row` + 8, and of one row of x or two. Rows and columns of d_w past the end repeat the last
  // four: their sums are not written.
  let N4 = (params.N + 3u) / 4u;
  let y_row = index / (TILE_M / 4u);
  let y_column = params.column / 4u + min(group.y * (TILE_M / 4u) + index % (TILE_M / 4u), N4 - 1u);
  let x_column = min(column4, params.K / 4u - 1u);
  // Of the threads in front, one for each four rows of d_w.
  let bias4 = group.y * (TILE_M / 4u) + index;
  let has_bias = BIAS && group.x == 0u && index < TILE_M / 4u && bias4 < N4;
  var sum0 = start(row, x_column);
  var sum1 = start(row + 4u, x_column);
  var bias_sum: vec4f;
  if (has_bias) { bias_sum = d_bias[bias4]; }
  var block0 = mat4x4f();
  var block1 = mat4x4f();
  var bias_block = vec4f();
  var end = params.M;
  if (params.T > 1u) {
    end = block_end(0u, params.first, params.T, params.M);
  } else {
    // Where every row is an example, each is a block, which is added at once.
    block0 = sum0;
    block1 = sum1;
    bias_block = bias_sum;
    sum0 = mat4x4f();
    sum1 = mat4x4f();
    bias_sum = vec4f();
  }
  // Loaded while the rows before are multiplied.
  var y0 = y_in(y_row, y_column, end);
  var y1 = y_in(y_row + 8u, y_column, end);
  var x0 = x_in(local.y, x_column, end);
  var x1: vec4f;
  if (TILE_M < 128u) { x1 = x_in(local.y + 8u, x_column, end); }
  let y_at = local.y * 2u;
  var m = 0u;
  while (m < params.M) {
    workgroupBarrier();
    y_tile[index] = y0;
    y_tile[index + TILE_M * 2u] = y1;
    x_tile[index] = x0;
    if (TILE_M < 128u) { x_tile[index + 128u] = x1; }
    workgroupBarrier();
    let next = min(m + 16u, end);
    let ends = next == end;
    if (ends && next < params.M) { end = block_end(next, params.first, params.T, params.M); }
    y0 = y_in(next + y_row, y_column, end);
    y1 = y_in(next + y_row + 8u, y_column, end);
    x0 = x_in(next + local.y, x_column, end);
    if (TILE_M < 128u) { x1 = x_in(next + local.y + 8u, x_column, end); }
    for (var i = 0u; i < 16u; i++) {
      let b = x_tile[i * 16u + local.x];
      block0 += outer(y_tile[i * (TILE_M / 4u) + y_at], b);
      block1 += outer(y_tile[i * (TILE_M / 4u) + y_at + 1u], b);
    }
    if (has_bias) {
      for (var i = 0u; i < 16u; i++) { bias_block += y_tile[i * (TILE_M / 4u) + index]; }
    }
    if (ends) {
      sum0 += block0;
      sum1 += block1;
      bias_sum += bias_block;
      block0 = mat4x4f();
      block1 = mat4x4f();
      bias_block = vec4f();
    }
    m = next;
  }
  put(row, column4, sum0);
  put(row + 4u, column4, sum1);
  if (has_bias) { d_bias[bias4] = bias_sum; }
}

// A vec4 of row m of d_y; zeros from row `end` on, which add nothing.
fn y_in(m: u32, column4: u32, end: u32) -> vec4f {
  return select(vec4f(), params.alpha * d_y[m * (params.width / 4u) + column4], m < end);
}

fn x_in(m: u32, column4: u32, end: u32) -> vec4f {
  return select(vec4f(), x[m * (params.K / 4u) + column4], m < end);
}
