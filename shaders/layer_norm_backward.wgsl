// layer_norm_backward: d_s = rstd · (g - mean(g) - x̂ · mean(g · x̂)) with g = d_y · weight, x̂ = (s - mean) · rstd, in place on d_y, a
// row a thread. With DROPOUT, d_s · mask / (1 - p) as in dropout: 1 in `dropped`, beside d_s; 2 in place of it. With APART d_y
// stays, where 2 times `scale`, and what it would hold goes to d_s.
//
//   binding  name     shape    access
//   0        d_y      [N, C]   read_write, d_s on return
//   1        s        [N, C]   read_write, only read
//   2        stats    [N, 2]   read_write, only read
//   3        weight   [C]      read
//   4        dropped  [N, C]   read_write, where DROPOUT is 1
//   5        d_s      [N, C]   read_write, where APART
//   6        params            uniform
//   7        step              uniform
//
// C is a multiple of 4. Dispatch: N / 64. Reference: test/reference/layer_norm.ts

struct Params {
  N: u32,
  C: u32,
  first: u32,
  example: u32,
  site: u32,
  p: f32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read_write> d_y: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> s: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> stats: array<vec2f>;
@group(0) @binding(3) var<storage, read> weight: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dropped: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> d_s: array<vec4f>;
@group(0) @binding(6) var<uniform> params: Params;
@group(0) @binding(7) var<uniform> step: StepScalars;

override DROPOUT = 0u;
override APART = 0u;

// d_s of four elements, from the means of g and of g · x̂.
fn put_gradient(at: u32, c: u32, mean: f32, rstd: f32, mean_g: f32, mean_product: f32) {
  let normalized = (s[at] - mean) * rstd;
  let given = d_y[at];
  var made = rstd * (given * weight[c] - mean_g - normalized * mean_product);
  if (DROPOUT > 0u) {
    let kept = made * dropout_epilogue(step, params.first, params.example, params.site, params.p, at * 4u);
    if (DROPOUT == 1u) { dropped[at] = kept; } else { made = kept; }
  }
  if (APART > 0u) { d_s[at] = made; } else { d_y[at] = made; }
  if (APART == 2u) { d_y[at] = params.scale * given; }
}

@compute @workgroup_size(64)
fn layer_norm_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = linear_group(group, groups) * 64u + local;
  if (row >= params.N) { return; }
  let C4 = params.C / 4u;
  let begin = row * C4;
  let mean = stats[row].x;
  let rstd = stats[row].y;
  var sum = vec4f();
  var product = vec4f();
  for (var c = 0u; c < C4; c++) {
    let g = d_y[begin + c] * weight[c];
    sum += g;
    product += g * ((s[begin + c] - mean) * rstd);
  }
  let mean_g = dot(sum, vec4f(1.0)) / f32(params.C);
  let mean_product = dot(product, vec4f(1.0)) / f32(params.C);
  for (var c = 0u; c < C4; c++) { put_gradient(begin + c, c, mean, rstd, mean_g, mean_product); }
}
