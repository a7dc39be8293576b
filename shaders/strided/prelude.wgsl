// What the forms of this folder share, in which a workgroup of 256 lanes has neighbouring elements: the highest value of the lanes.

var<workgroup> lane_values: array<u32, 256>;
var<workgroup> highest_of_16: array<u32, 16>;

// The highest value in the 256 lanes of a workgroup, given to all of them.
fn highest_lane(local: u32, own: u32) -> u32 {
  lane_values[local] = own;
  workgroupBarrier();
  if (local < 16u) {
    var highest = 0u;
    for (var i = local; i < 256u; i += 16u) { highest = max(highest, lane_values[i]); }
    highest_of_16[local] = highest;
  }
  workgroupBarrier();
  var highest = 0u;
  for (var i = 0u; i < 16u; i++) { highest = max(highest, highest_of_16[i]); }
  return highest;
}
