// add_blocks: out[i] = ((out[i] + partials[0,i]) + partials[1,i]) ..., in order: the second half of a sum over rows whose blocks (prelude) were summed side by side.
//
//   binding  name      shape            access
//   0        partials  [blocks, count]  read_write, only read
//   1        out       [count]          read_write
//   2        params                     uniform
//
// Dispatch: count / 64. Reference: test/reference/columns.ts

struct Params {
  count: u32,
  blocks: u32,
}

@group(0) @binding(0) var<storage, read_write> partials: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn add_blocks(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = linear_group(group, groups) * 64u + local;
  if (i >= params.count) { return; }
  var sum = out[i];
  for (var at = i; at < params.blocks * params.count; at += params.count) { sum += partials[at]; }
  out[i] = sum;
}
