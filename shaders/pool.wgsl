// pool: MODE 0: mean of the rows below lengths[b] (zeros where the length is 0); MODE 1: the first row; MODE 2: the last row below lengths[b]
// (zeros where the length is 0).
//
//   binding  name     shape      access
//   0        h        [B, T, C]  read_write, only read
//   1        lengths  [B]        read_write, only read
//   2        pooled   [B, C]     read_write
//   3        params              uniform
//
// C is a multiple of 4. Dispatch: B · C / 256, 4 elements a thread. Reference: test/reference/pool.ts

struct Params {
  B: u32,
  T: u32,
  C: u32,
}

@group(0) @binding(0) var<storage, read_write> h: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> lengths: array<u32>;
@group(0) @binding(2) var<storage, read_write> pooled: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

override MODE = 0u;

@compute @workgroup_size(64)
fn pool(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let C4 = params.C / 4u;
  let at = linear_group(group, groups) * 64u + local;
  if (at >= params.B * C4) { return; }
  let b = at / C4;
  let first = b * params.T * C4 + at % C4;
  if (MODE == 1u) {
    pooled[at] = h[first];
    return;
  }
  let length = min(lengths[b], params.T);
  if (MODE == 2u) {
    pooled[at] = select(vec4f(), h[first + (max(length, 1u) - 1u) * C4], length > 0u);
    return;
  }
  var sum = vec4f();
  for (var t = 0u; t < length; t++) { sum += h[first + t * C4]; }
  pooled[at] = sum / f32(max(length, 1u));
}
