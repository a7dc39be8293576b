// rms_norm: y = x · rstd · weight with rstd = 1 / sqrt(mean(x²) + eps), a row a thread.
//
//   binding  name    shape    access
//   0        x       [N, C]   read_write, only read
//   1        weight  [C]      read
//   2        y       [N, C]   read_write
//   3        rstd    [N]      read_write
//   4        params           uniform
//
// C is a multiple of 4. Dispatch: N / 64. Reference: test/reference/rms_norm.ts

struct Params {
  N: u32,
  C: u32,
  eps: f32,
}

@group(0) @binding(0) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> rstd: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn rms_norm(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = linear_group(group, groups) * 64u + local;
  if (row >= params.N) { return; }
  let C4 = params.C / 4u;
  let begin = row * C4;
  var squares = vec4f();
  for (var c = 0u; c < C4; c++) {
    squares += x[begin + c] * x[begin + c];
  }
  let scale = 1.0 / sqrt(dot(squares, vec4f(1.0)) / f32(params.C) + params.eps);
  for (var c = 0u; c < C4; c++) {
    y[begin + c] = x[begin + c] * scale * weight[c];
  }
  rstd[row] = scale;
}
