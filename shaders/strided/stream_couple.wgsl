// stream_couple for graphics processors: a workgroup of 256 lanes takes 1,024 elements, each lane every 256th of them, so that neighbours read neighbours. What the
// shift drops of a lane's four elements stays in one word of workgroup memory, from which up to 256 lanes make a word of a plane each, as it stands in
// `bits` whatever the form. One atomic a workgroup. Workgroup memory: 2,112 bytes. Dispatch: count / 1024

var<workgroup> dropped: array<u32, 256>;

@compute @workgroup_size(256)
fn stream_couple(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = linear_group(group, groups) * 1024u;
  var low = 0u;
  var highest = 0u;
  for (var j = 0u; j < 4u; j++) {
    let at = first + j * 256u + local;
    if (at < params.count) {
      let made = couple(at);
      low |= (made.x & 255u) << (8u * j);
      highest = max(highest, made.y);
    }
  }
  dropped[local] = low;
  // Has barriers: behind it every lane's word is there.
  highest = highest_lane(local, highest);
  if (local == 0u) { raise(highest); }
  // A group of 32 elements that begins past the end has no words.
  let number = local / max(SHIFT, 1u);
  if (KEEP_BITS && local < 32u * SHIFT && first + 32u * number < params.count) {
    let bit = number / 8u * 8u + local % max(SHIFT, 1u);
    let lanes = number % 8u * 32u;
    var word = 0u;
    for (var i = 0u; i < 32u; i++) {
      // Lanes of different groups begin at different elements, which lie in different banks.
      let element = (i + number) % 32u;
      word |= ((dropped[lanes + element] >> bit) & 1u) << element;
    }
    bits[first / 32u * SHIFT + local] = word;
  }
}
