// add_to_lengths: longer = lengths + rows: the lengths of examples that got rows before their tokens.
//
//   binding  name     shape  access
//   0        lengths  [B]    read_write, only read
//   1        longer   [B]    read_write
//   2        params          uniform
//
// Dispatch: B / 64. Reference: test/reference/words.ts

struct Params {
  B: u32,
  rows: u32,
}

@group(0) @binding(0) var<storage, read_write> lengths: array<u32>;
@group(0) @binding(1) var<storage, read_write> longer: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn add_to_lengths(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let b = linear_group(group, groups) * 64u + local;
  if (b >= params.B) { return; }
  longer[b] = lengths[b] + params.rows;
}
