// What the forms of this folder share, in which a workgroup of 64 lanes has a row: sums over the lanes.

var<workgroup> lane_sums: array<vec2f, 64>;
var<workgroup> sums_of_8: array<vec2f, 8>;

// Two sums over the 64 lanes of a workgroup, given to all of them: eight lanes add eight each, then each lane adds those. The order is fixed, and there are two
// barriers where a tree of halves has six.
fn sum_lanes(local: u32, own: vec2f) -> vec2f {
  lane_sums[local] = own;
  workgroupBarrier();
  if (local < 8u) {
    var sum = lane_sums[local];
    for (var i = local + 8u; i < 64u; i += 8u) { sum += lane_sums[i]; }
    sums_of_8[local] = sum;
  }
  workgroupBarrier();
  var sum = sums_of_8[0];
  for (var i = 1u; i < 8u; i++) { sum += sums_of_8[i]; }
  return sum;
}
