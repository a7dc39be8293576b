// pool_backward: d_h of pool, every element written. MODE as in pool.
//
//   binding  name      shape      access
//   0        d_pooled  [B, C]     read_write, only read
//   1        lengths   [B]        read_write, only read
//   2        d_h       [B, T, C]  read_write
//   3        params               uniform
//
// C is a multiple of 4. Dispatch: B · T · C / 256, 4 elements a thread. Reference: test/reference/pool.ts

struct Params {
  B: u32,
  T: u32,
  C: u32,
}

@group(0) @binding(0) var<storage, read_write> d_pooled: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> lengths: array<u32>;
@group(0) @binding(2) var<storage, read_write> d_h: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

override MODE = 0u;

@compute @workgroup_size(64)
fn pool_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let C4 = params.C / 4u;
  let at = linear_group(group, groups) * 64u + local;
  if (at >= params.B * params.T * C4) { return; }
  let t = at / C4 % params.T;
  let b = at / C4 / params.T;
  let length = min(lengths[b], params.T);
  let rows = select(length, 1u, MODE == 1u);
  var gradient = vec4f();
  if (MODE == 2u) {
    if (t + 1u == length) { gradient = d_pooled[b * C4 + at % C4]; }
  } else if (t < rows) {
    gradient = d_pooled[b * C4 + at % C4] / f32(rows);
  }
  d_h[at] = gradient;
}
