// gate_alpha for graphics processors: a block a thread, where the first form has one thread for all rows. `d_alpha` are partial sums [blocks], which add_blocks
// adds up. Dispatch: blocks / 64

@compute @workgroup_size(64)
fn gate_alpha(@builtin(global_invocation_id) id: vec3u) {
  // Threads past the last block begin past the last row.
  let begin = block_begin(id.x, params.first, params.T);
  if (begin >= params.N) { return; }
  let end = block_end(begin, params.first, params.T, params.N);
  let slope = gate_slope();
  var sum = 0.0;
  for (var n = begin; n < end; n++) { sum += slope * partials[n]; }
  d_alpha[id.x] = sum;
}
