// gemm_tn for graphics processors, of a small d_w, such as an adapter's: four rows by four columns of a block of rows (prelude) a thread, so that few outputs and
// many rows have threads enough. `d_w` and `d_bias` are partial sums [blocks, N, K] and [blocks, N], which add_blocks adds up. N is a multiple of 4.
// Dispatch: (N · K / 1024, blocks)

@compute @workgroup_size(64)
fn gemm_tn(@builtin(global_invocation_id) id: vec3u) {
  let K4 = params.K / 4u;
  let N4 = params.N / 4u;
  let column4 = id.x % K4;
  let row4 = id.x / K4;
  if (row4 >= N4) { return; }
  let begin = block_begin(id.y, params.first, params.T);
  let end = block_end(begin, params.first, params.T, params.M);
  var sum = mat4x4f();
  var bias = vec4f();
  for (var m = begin; m < end; m++) {
    let a = params.alpha * d_y[m * (params.width / 4u) + params.column / 4u + row4];
    sum += outer(a, x[m * K4 + column4]);
    if (BIAS) { bias += a; }
  }
  let at = (id.y * params.N + row4 * 4u) * K4 + column4;
  d_w[at] = sum[0];
  d_w[at + K4] = sum[1];
  d_w[at + 2u * K4] = sum[2];
  d_w[at + 3u * K4] = sum[3];
  if (BIAS && column4 == 0u) { d_bias[id.y * N4 + row4] = bias; }
}
