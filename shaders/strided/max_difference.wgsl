// max_difference for graphics processors: a workgroup of 256 lanes takes 1,024 elements, each lane every 256th of them, and its highest goes to status with one
// atomic. Workgroup memory: 1,088 bytes. Dispatch: count / 1024

@compute @workgroup_size(256)
fn max_difference(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = linear_group(group, groups) * 1024u + local;
  var highest = 0u;
  for (var j = 0u; j < 4u; j++) {
    let at = first + j * 256u;
    if (at < params.count) { highest = max(highest, magnitude_bits(a[at] - b[at])); }
  }
  highest = highest_lane(local, highest);
  if (local == 0u) { raise(highest); }
}
