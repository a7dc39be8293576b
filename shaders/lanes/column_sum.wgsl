// column_sum for graphics processors: a workgroup has 16 columns, and 16 threads of each sum a block of rows at a time (prelude), so that few columns of many rows
// have threads enough. Workgroup memory: 2 KiB. Dispatch: N / 16

@compute @workgroup_size(256)
fn column_sum(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let n = linear_group(group, groups) * 16u + local % 16u;
  let is_column = n < params.N;
  var sum = 0.0;
  if (is_column) { sum = d_bias[n]; }
  for (var b = 0u; block_begin(b, params.first, params.T) < params.M; b += 16u) {
    let begin = block_begin(b + local / 16u, params.first, params.T);
    var block_sum = 0.0;
    if (is_column && begin < params.M) {
      let end = block_end(begin, params.first, params.T, params.M);
      for (var m = begin; m < end; m++) { block_sum += params.alpha * d_y[m * params.width + n]; }
    }
    sum = add_in_order(local, 16u, vec2f(sum, 0.0), vec2f(block_sum, 0.0)).x;
  }
  if (is_column && local < 16u) { d_bias[n] = sum; }
}
