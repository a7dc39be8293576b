// gate_alpha for graphics processors: a thread a block, 256 at a time (prelude), where the first form has one thread for all rows. Workgroup memory: 2 KiB.
// Dispatch: 1

@compute @workgroup_size(256)
fn gate_alpha(@builtin(local_invocation_index) local: u32) {
  let slope = gate_slope();
  var sum = 0.0;
  if (local == 0u) { sum = d_alpha[0]; }
  for (var b = 0u; block_begin(b, params.first, params.T) < params.N; b += 256u) {
    let begin = block_begin(b + local, params.first, params.T);
    var block_sum = 0.0;
    if (begin < params.N) {
      let end = block_end(begin, params.first, params.T, params.N);
      for (var n = begin; n < end; n++) { block_sum += slope * partials[n]; }
    }
    sum = add_in_order(local, 1u, vec2f(sum, 0.0), vec2f(block_sum, 0.0)).x;
  }
  if (local == 0u) { d_alpha[0] = sum; }
}
