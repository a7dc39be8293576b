// column_dot for graphics processors: a column of a block a thread, so that a sum of few columns and many rows has threads enough. `d_l` are partial sums
// [blocks, C], which add_blocks adds up. Dispatch: (C / 64, blocks)

@compute @workgroup_size(64)
fn column_dot(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c >= params.C) { return; }
  let begin = block_begin(id.y, params.first, params.T);
  let end = block_end(begin, params.first, params.T, params.N);
  var sum = 0.0;
  for (var n = begin; n < end; n++) { sum += d_y[n * params.C + c] * x[n * params.C + c]; }
  d_l[id.y * params.C + c] = sum;
}
