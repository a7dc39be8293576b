// layer_norm_parameters for graphics processors: a column of a block a thread, so that a sum of few columns and many rows has threads enough. `d_weight` and
// `d_bias` are partial sums [blocks, C], which add_blocks adds up. Dispatch: (C / 64, blocks)

@compute @workgroup_size(64)
fn layer_norm_parameters(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c >= params.C) { return; }
  let begin = block_begin(id.y, params.first, params.T);
  let end = block_end(begin, params.first, params.T, params.N);
  var weight_sum = 0.0;
  var bias_sum = 0.0;
  for (var n = begin; n < end; n++) {
    let at = n * params.C + c;
    let g = d_y[at];
    weight_sum += g * ((s[at] - stats[n].x) * stats[n].y);
    bias_sum += g;
  }
  d_weight[id.y * params.C + c] = weight_sum;
  if (BIAS) { d_bias[id.y * params.C + c] = bias_sum; }
}
