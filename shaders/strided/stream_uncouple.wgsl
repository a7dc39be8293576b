// stream_uncouple for graphics processors: a workgroup of 256 lanes takes 1,024 elements, each lane every 256th of them, so that neighbours read neighbours, and
// 32 of them the same words of the planes. No workgroup memory. Dispatch: count / 1024

@compute @workgroup_size(256)
fn stream_uncouple(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = linear_group(group, groups) * 1024u + local;
  for (var j = 0u; j < 4u; j++) {
    let at = first + j * 256u;
    if (at < params.count) { uncouple(at, (params.first + at) / 32u * SHIFT, at % 32u); }
  }
}
