// gemm_tn_ragged for graphics processors: an output of a block a thread, neighbours along K, so that a weight of a few outputs and many rows has threads enough.
// `d_w` are partial sums [blocks, N, K] and `d_bias` [blocks, N], which add_blocks adds up. Dispatch: (N · K / 64, blocks)

@compute @workgroup_size(64)
fn gemm_tn_ragged(@builtin(global_invocation_id) id: vec3u) {
  let outputs = params.N * params.K;
  if (id.x >= outputs) { return; }
  let n = id.x / params.K;
  let k = id.x % params.K;
  let begin = block_begin(id.y, params.first, params.T);
  let end = block_end(begin, params.first, params.T, params.M);
  var sum = 0.0;
  var bias = 0.0;
  for (var m = begin; m < end; m++) {
    let g = d_y[m * params.N + n];
    sum += params.alpha * g * x[m * params.K + k];
    bias += params.alpha * g;
  }
  d_w[id.y * outputs + id.x] = sum;
  if (BIAS && k == 0u) { d_bias[id.y * params.N + n] = bias; }
}
