// column_sum for graphics processors: a column of a block a thread, so that a sum of few columns and many rows has threads enough. `d_bias` are partial sums
// [blocks, N], which add_blocks adds up. Dispatch: (N / 64, blocks)

@compute @workgroup_size(64)
fn column_sum(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  if (n >= params.N) { return; }
  let begin = block_begin(id.y, params.first, params.T);
  let end = block_end(begin, params.first, params.T, params.M);
  var sum = 0.0;
  for (var m = begin; m < end; m++) { sum += params.alpha * d_y[m * params.width + n]; }
  d_bias[id.y * params.N + n] = sum;
}
