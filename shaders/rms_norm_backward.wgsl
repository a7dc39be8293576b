// rms_norm_backward: d_x = rstd · (g - x̂ · mean(g · x̂)) with g = d_y · weight, x̂ = x · rstd, in place on d_y, a row a thread.
//
//   binding  name    shape    access
//   0        d_y     [N, C]   read_write, d_x on return
//   1        x       [N, C]   read_write, only read
//   2        rstd    [N]      read_write, only read
//   3        weight  [C]      read
//   4        params           uniform
//
// C is a multiple of 4. Dispatch: N / 64. Reference: test/reference/rms_norm.ts

struct Params {
  N: u32,
  C: u32,
}

@group(0) @binding(0) var<storage, read_write> d_y: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> rstd: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn rms_norm_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = linear_group(group, groups) * 64u + local;
  if (row >= params.N) { return; }
  let C4 = params.C / 4u;
  let begin = row * C4;
  let scale = rstd[row];
  var product = vec4f();
  for (var c = 0u; c < C4; c++) {
    product += d_y[begin + c] * weight[c] * (x[begin + c] * scale);
  }
  let mean_product = dot(product, vec4f(1.0)) / f32(params.C);
  for (var c = 0u; c < C4; c++) {
    d_y[begin + c] = scale * (d_y[begin + c] * weight[c] - x[begin + c] * scale * mean_product);
  }
}
