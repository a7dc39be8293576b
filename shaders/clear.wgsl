// clear: x = 0, 32-bit words of any type.
//
//   binding  name    shape    access
//   0        x       [count]  read_write
//   1        params           uniform
//
// Dispatch: count / 256, 4 elements a thread. Reference: test/reference/words.ts

struct Params {
  count: u32,
}

@group(0) @binding(0) var<storage, read_write> x: array<u32>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(64)
fn clear(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = linear_group(group, groups) * 256u + local;
  let end = min(first + 256u, params.count);
  for (var i = first; i < end; i += 64u) {
    x[i] = 0u;
  }
}
