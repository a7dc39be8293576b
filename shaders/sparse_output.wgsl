// sparse_output: out[n] += sum over the entries k of max(a, 0) · values[slot], in order. LISTED: slot = slots[n, k] & 0xffff and
// a = coefficients · scores; else slot = k and a = scores.
//
//   binding  name          shape   access
//   0        scores        [N, K]  read_write, only read
//   1        coefficients  [N, K]  read_write, only read, where LISTED
//   2        slots         [N, K]  read_write, only read, where LISTED
//   3        values        [S, C]  read_write, only read
//   4        out           [N, C]  read_write
//   5        params                uniform
//
// C is a multiple of 4. Dispatch: N · C / 256, 4 elements a thread. Reference: test/reference/sparse.ts

struct Params {
  N: u32,
  K: u32,
  C: u32,
}

@group(0) @binding(0) var<storage, read_write> scores: array<f32>;
@group(0) @binding(1) var<storage, read_write> coefficients: array<f32>;
@group(0) @binding(2) var<storage, read_write> slots: array<u32>;
@group(0) @binding(3) var<storage, read_write> values: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

override LISTED = false;

@compute @workgroup_size(64)
fn sparse_output(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let C4 = params.C / 4u;
  let at = linear_group(group, groups) * 64u + local;
  if (at >= params.N * C4) { return; }
  let first = at / C4 * params.K;
  var sum = out[at];
  for (var k = 0u; k < params.K; k++) {
    var a = scores[first + k];
    var slot = k;
    if (LISTED) {
      a *= coefficients[first + k];
      slot = slots[first + k] & 0xffffu;
    }
    if (a > 0.0) { sum += a * values[slot * C4 + at % C4]; }
  }
  out[at] = sum;
}
