// layer_norm_parameters for graphics processors: a workgroup has 16 columns, and 16 threads of each sum a block of rows at a time (prelude), so that few columns of
// many rows have threads enough. Workgroup memory: 2 KiB. Dispatch: C / 16

@compute @workgroup_size(256)
fn layer_norm_parameters(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let c = linear_group(group, groups) * 16u + local % 16u;
  let is_column = c < params.C;
  // Of the weight and of the bias.
  var sum = vec2f();
  if (is_column) {
    sum.x = d_weight[c];
    if (BIAS) { sum.y = d_bias[c]; }
  }
  for (var b = 0u; block_begin(b, params.first, params.T) < params.N; b += 16u) {
    let begin = block_begin(b + local / 16u, params.first, params.T);
    var weight_block = 0.0;
    var bias_block = 0.0;
    if (is_column && begin < params.N) {
      let end = block_end(begin, params.first, params.T, params.N);
      for (var n = begin; n < end; n++) {
        let at = n * params.C + c;
        let g = d_y[at];
        weight_block += g * ((s[at] - stats[n].x) * stats[n].y);
        bias_block += g;
      }
    }
    sum = add_in_order(local, 16u, sum, vec2f(weight_block, bias_block));
  }
  if (is_column && local < 16u) {
    d_weight[c] = sum.x;
    if (BIAS) { d_bias[c] = sum.y; }
  }
}
