// sparse_input: d_h[n] (+)= sum over the entries k with a > 0, in order, of u · (coefficients · keys[slot] + scores · router[expert]) where LISTED, with
// expert = slots[n, k] >> 16; else of u · keys[k]. Adds to d_h where ACCUMULATE.
//
//   binding  name          shape   access
//   0        u             [N, K]  read_write, only read
//   1        scores        [N, K]  read_write, only read
//   2        coefficients  [N, K]  read_write, only read, where LISTED
//   3        slots         [N, K]  read_write, only read, where LISTED
//   4        keys          [S, C]  read_write, only read
//   5        router        [E, C]  read_write, only read, where LISTED
//   6        d_h           [N, C]  read_write
//   7        params                uniform
//
// C is a multiple of 4. Dispatch: N · C / 256, 4 elements a thread. Reference: test/reference/sparse.ts

struct Params {
  N: u32,
  K: u32,
  C: u32,
}

@group(0) @binding(0) var<storage, read_write> u: array<f32>;
@group(0) @binding(1) var<storage, read_write> scores: array<f32>;
@group(0) @binding(2) var<storage, read_write> coefficients: array<f32>;
@group(0) @binding(3) var<storage, read_write> slots: array<u32>;
@group(0) @binding(4) var<storage, read_write> keys: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> router: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> d_h: array<vec4f>;
@group(0) @binding(7) var<uniform> params: Params;

override LISTED = false;
override ACCUMULATE = false;

@compute @workgroup_size(64)
fn sparse_input(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let C4 = params.C / 4u;
  let at = linear_group(group, groups) * 64u + local;
  if (at >= params.N * C4) { return; }
  let first = at / C4 * params.K;
  let c = at % C4;
  var sum = vec4f();
  if (ACCUMULATE) { sum = d_h[at]; }
  for (var k = 0u; k < params.K; k++) {
    let q = scores[first + k];
    if (LISTED) {
      let s = coefficients[first + k];
      let slot = slots[first + k];
      if (s * q > 0.0) { sum += u[first + k] * (s * keys[(slot & 0xffffu) * C4 + c] + q * router[(slot >> 16u) * C4 + c]); }
    } else if (q > 0.0) {
      sum += u[first + k] * keys[k * C4 + c];
    }
  }
  d_h[at] = sum;
}
