// rms_norm_weight for graphics processors: a column of a block a thread, so that a sum of few columns and many rows has threads enough. `d_weight` are partial
// sums [blocks, C], which add_blocks adds up. Dispatch: (C / 64, blocks)

@compute @workgroup_size(64)
fn rms_norm_weight(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c >= params.C) { return; }
  let begin = block_begin(id.y, params.first, params.T);
  let end = block_end(begin, params.first, params.T, params.N);
  var sum = 0.0;
  for (var n = begin; n < end; n++) {
    let at = n * params.C + c;
    sum += d_y[at] * (x[at] * rstd[n]);
  }
  d_weight[id.y * params.C + c] = sum;
}
