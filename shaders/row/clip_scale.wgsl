// clip_scale for graphics processors: one workgroup, each of its 256 lanes every 256th of the partial sums, then halves in a fixed order. Workgroup memory: 1 KiB.
// Dispatch: 1

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn clip_scale(@builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = local; i < params.count; i += 256u) { sum += partials[i]; }
  sums[local] = sum;
  for (var half = 128u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { sums[local] += sums[local + half]; }
  }
  if (local == 0u) { put_scale(sums[0]); }
}
