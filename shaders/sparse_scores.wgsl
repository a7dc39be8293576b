// sparse_scores: scores[n, k] = h[n] · keys[k] for k < used[0], 0 for the slots past them.
//
//   binding  name    shape   access
//   0        h       [N, C]  read_write, only read
//   1        keys    [K, C]  read_write, only read
//   2        used    [1]     read_write, only read: slots that hold a neuron
//   3        scores  [N, K]  read_write
//   4        params          uniform
//
// C is a multiple of 4. Dispatch: N · K / 64. Reference: test/reference/sparse.ts

struct Params {
  N: u32,
  K: u32,
  C: u32,
}

@group(0) @binding(0) var<storage, read_write> h: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> keys: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> used: array<u32>;
@group(0) @binding(3) var<storage, read_write> scores: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn sparse_scores(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let at = linear_group(group, groups) * 64u + local;
  if (at >= params.N * params.K) { return; }
  let k = at % params.K;
  if (k >= used[0]) {
    scores[at] = 0.0;
    return;
  }
  let C4 = params.C / 4u;
  let row = at / params.K * C4;
  var sum = vec4f();
  for (var c = 0u; c < C4; c++) { sum += h[row + c] * keys[k * C4 + c]; }
  scores[at] = (sum.x + sum.y) + (sum.z + sum.w);
}
