// What the forms of this folder share, in which threads of a workgroup sum different blocks of rows (../prelude.wgsl) of the same outputs at once, and the block
// sums are then added in ascending order: the bits of the first form.

var<workgroup> block_sums: array<vec2f, 256>;

// `sum`, and what 256 threads have summed after it. Thread `local` has a block of output local % outputs: block local / outputs of this turn, and zeros past the
// last one, which add nothing. The first threads, one for each output, get what is theirs.
fn add_in_order(local: u32, outputs: u32, sum: vec2f, own: vec2f) -> vec2f {
  block_sums[local] = own;
  workgroupBarrier();
  var added = sum;
  if (local < outputs) {
    for (var i = local; i < 256u; i += outputs) { added += block_sums[i]; }
  }
  workgroupBarrier();
  return added;
}
