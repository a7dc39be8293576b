// square_sum: partials[offset + i] = sum of g² over the elements i, i + sums, i + 2 · sums ... of g, i < sums: the first half of a gradient norm.
//
//   binding  name      shape            access
//   0        g         [count]          read_write, only read
//   1        partials  [offset + sums]  read_write
//   2        params                     uniform
//
// `sums` is a multiple of 64. Dispatch: sums / 64. Reference: test/reference/optimizer.ts

struct Params {
  count: u32,
  offset: u32,
  sums: u32,
}

@group(0) @binding(0) var<storage, read_write> g: array<f32>;
@group(0) @binding(1) var<storage, read_write> partials: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn square_sum(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = linear_group(group, groups) * 64u + local;
  var sum = 0.0;
  for (var at = i; at < params.count; at += params.sums) { sum += g[at] * g[at]; }
  partials[params.offset + i] = sum;
}
