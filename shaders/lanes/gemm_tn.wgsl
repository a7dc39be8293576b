// gemm_tn for graphics processors, of a small d_w, such as an adapter's: a workgroup has 4 tiles of four rows by four columns, neighbours along K, and 32 threads of
// each tile sum a block of rows at a time (../prelude.wgsl), so that few outputs and many rows have threads enough. Block sums are then added in ascending order,
// by a thread for each row of a tile and one for its bias: the bits of ../gemm_tn.wgsl, where an example has several rows. N is a multiple of 4. Workgroup
// memory: 10 KiB. Dispatch: N · K / 64

// Four rows of a tile and then its bias, of 128 threads each.
var<workgroup> tile_sums: array<vec4f, 640>;

@compute @workgroup_size(128)
fn gemm_tn(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let K4 = params.K / 4u;
  let tile = linear_group(group, groups) * 4u + local % 4u;
  let column4 = tile % K4;
  let row4 = tile / K4;
  let is_tile = row4 < params.N / 4u;
  // The threads in front add: row `part` of the tile, or its bias, which the tiles of the first columns have.
  let part = local / 4u;
  let at = (row4 * 4u + part) * K4 + column4;
  let adds_row = is_tile && part < 4u;
  let adds_bias = BIAS && is_tile && part == 4u && column4 == 0u;
  var sum = vec4f();
  if (adds_row) { sum = d_w[at]; }
  if (adds_bias) { sum = d_bias[row4]; }
  for (var b = 0u; block_begin(b, params.first, params.T) < params.M; b += 32u) {
    let begin = block_begin(b + local / 4u, params.first, params.T);
    var tile_block = mat4x4f();
    var bias_block = vec4f();
    if (is_tile && begin < params.M) {
      let end = block_end(begin, params.first, params.T, params.M);
      for (var m = begin; m < end; m++) {
        let a = params.alpha * d_y[m * (params.width / 4u) + params.column / 4u + row4];
        tile_block += outer(a, x[m * K4 + column4]);
        if (BIAS) { bias_block += a; }
      }
    }
    tile_sums[local] = tile_block[0];
    tile_sums[128u + local] = tile_block[1];
    tile_sums[256u + local] = tile_block[2];
    tile_sums[384u + local] = tile_block[3];
    if (BIAS) { tile_sums[512u + local] = bias_block; }
    workgroupBarrier();
    // Zeros of blocks past the last one add nothing.
    if (adds_row || adds_bias) {
      for (var i = local % 4u; i < 128u; i += 4u) { sum += tile_sums[part * 128u + i]; }
    }
    workgroupBarrier();
  }
  if (adds_row) { d_w[at] = sum; }
  if (adds_bias) { d_bias[row4] = sum; }
}
