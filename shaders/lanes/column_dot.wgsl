// column_dot for graphics processors: a workgroup has 16 columns, and 16 threads of each sum a block of rows at a time (prelude), so that few columns of many rows
// have threads enough. Workgroup memory: 2 KiB. Dispatch: C / 16

@compute @workgroup_size(256)
fn column_dot(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let c = linear_group(group, groups) * 16u + local % 16u;
  let is_column = c < params.C;
  var sum = 0.0;
  if (is_column) { sum = d_l[c]; }
  for (var b = 0u; block_begin(b, params.first, params.T) < params.N; b += 16u) {
    let begin = block_begin(b + local / 16u, params.first, params.T);
    var block_sum = 0.0;
    if (is_column && begin < params.N) {
      let end = block_end(begin, params.first, params.T, params.N);
      for (var n = begin; n < end; n++) { block_sum += d_y[n * params.C + c] * x[n * params.C + c]; }
    }
    sum = add_in_order(local, 16u, vec2f(sum, 0.0), vec2f(block_sum, 0.0)).x;
  }
  if (is_column && local < 16u) { d_l[c] = sum; }
}
