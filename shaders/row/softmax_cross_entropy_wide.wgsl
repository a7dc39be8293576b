// softmax_cross_entropy_wide for graphics processors: a workgroup of 256 lanes a row, so that few rows of many words keep enough loads under way.
// Workgroup memory: 3 KiB. Dispatch: B

const LANES = 256u;

@compute @workgroup_size(256)
fn softmax_cross_entropy_wide(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  take_row(linear_group(group, groups), local);
}
