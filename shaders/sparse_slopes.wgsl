// sparse_slopes: u[n, k] = values[slot] · d_out[n] where a > 0, else 0. LISTED as in sparse_output.
//
//   binding  name          shape   access
//   0        scores        [N, K]  read_write, only read
//   1        coefficients  [N, K]  read_write, only read, where LISTED
//   2        slots         [N, K]  read_write, only read, where LISTED
//   3        values        [S, C]  read_write, only read
//   4        d_out         [N, C]  read_write, only read
//   5        u             [N, K]  read_write
//   6        params                uniform
//
// C is a multiple of 4. Dispatch: N · K / 64. Reference: test/reference/sparse.ts

struct Params {
  N: u32,
  K: u32,
  C: u32,
}

@group(0) @binding(0) var<storage, read_write> scores: array<f32>;
@group(0) @binding(1) var<storage, read_write> coefficients: array<f32>;
@group(0) @binding(2) var<storage, read_write> slots: array<u32>;
@group(0) @binding(3) var<storage, read_write> values: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> d_out: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> u: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

override LISTED = false;

@compute @workgroup_size(64)
fn sparse_slopes(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let at = linear_group(group, groups) * 64u + local;
  if (at >= params.N * params.K) { return; }
  let C4 = params.C / 4u;
  var a = scores[at];
  var slot = at % params.K;
  if (LISTED) {
    a *= coefficients[at];
    slot = slots[at] & 0xffffu;
  }
  var sum = vec4f();
  if (a > 0.0) {
    let row = at / params.K * C4;
    for (var c = 0u; c < C4; c++) { sum += values[slot * C4 + c] * d_out[row + c]; }
  }
  u[at] = (sum.x + sum.y) + (sum.z + sum.w);
}
