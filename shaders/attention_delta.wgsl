// attention_delta: delta = rowsum(d_out ∘ out) per head, which equals the sum over keys of probability times its gradient, with dropout
// too.
//
//   binding  name    shape           access
//   0        out     [B, T, NH, HD]  read_write, only read
//   1        d_out   [B, T, NH, HD]  read_write, only read
//   2        delta   [B, NH, T]      read_write
//   3        params                  uniform
//
// Dispatch: B · NH · T / 64. Reference: test/reference/attention.ts

struct Params {
  B: u32,
  T: u32,
  NH: u32,
}

@group(0) @binding(0) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> d_out: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> delta: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn attention_delta(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = linear_group(group, groups) * 64u + local;
  if (index >= params.B * params.NH * params.T) { return; }
  let T = params.T;
  let row = index % T;
  let b = index / T / params.NH;
  let head = index / T % params.NH;
  let stride = params.NH * HD4;
  let first = b * T * stride + head * HD4;
  let own = first + row * stride;
  var sum = 0.0;
  for (var c = 0u; c < HD4; c++) { sum += dot(out[own + c], d_out[own + c]); }
  delta[index] = sum;
}
