// gemm_tn_ragged for graphics processors: a workgroup has 16 outputs, neighbours along K, and 16 threads of each sum a block of rows at a time (prelude), so that a
// weight of few outputs and many rows has threads enough. Workgroup memory: 2 KiB. Dispatch: N · K / 16

@compute @workgroup_size(256)
fn gemm_tn_ragged(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let at = linear_group(group, groups) * 16u + local % 16u;
  let n = at / params.K;
  let k = at % params.K;
  let is_output = n < params.N;
  // One thread of a row of d_w has its bias.
  let with_bias = BIAS && is_output && k == 0u;
  // Of the weight and of the bias.
  var sum = vec2f();
  if (is_output) { sum.x = d_w[at]; }
  if (with_bias) { sum.y = d_bias[n]; }
  for (var b = 0u; block_begin(b, params.first, params.T) < params.M; b += 16u) {
    let begin = block_begin(b + local / 16u, params.first, params.T);
    var block_sum = 0.0;
    var block_bias = 0.0;
    if (is_output && begin < params.M) {
      let end = block_end(begin, params.first, params.T, params.M);
      for (var m = begin; m < end; m++) {
        let g = d_y[m * params.N + n];
        block_sum += params.alpha * g * x[m * params.K + k];
        if (with_bias) { block_bias += params.alpha * g; }
      }
    }
    sum = add_in_order(local, 16u, sum, vec2f(block_sum, block_bias));
  }
  if (is_output && local < 16u) { d_w[at] = sum.x; }
  if (with_bias && local < 16u) { d_bias[n] = sum.y; }
}
