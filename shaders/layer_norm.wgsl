// layer_norm: s = x + residual (in place on x, where RESIDUAL), y = (s - mean) · rstd · weight + bias, stats = mean, rstd, a row a thread.
// The variance is taken around the mean, in a second pass, which keeps its digits where the mean is large.
//
//   binding  name      shape    access
//   0        x         [N, C]   read_write, s on return
//   1        residual  [N, C]   read_write, only read, where RESIDUAL
//   2        weight    [C]      read
//   3        bias      [C]      read
//   4        y         [N, C]   read_write
//   5        stats     [N, 2]   read_write
//   6        params             uniform
//   7        step               uniform
//
// C is a multiple of 4. Dispatch: N / 64. Reference: test/reference/layer_norm.ts

struct Params {
  N: u32,
  C: u32,
  eps: f32,
  first: u32,
  example: u32,
  site: u32,
  p: f32,
}

@group(0) @binding(0) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> residual: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> stats: array<vec2f>;
@group(0) @binding(6) var<uniform> params: Params;
@group(0) @binding(7) var<uniform> step: StepScalars;

override RESIDUAL = false;
override DROPOUT = false;

// s, whose sum with the residual stays in x.
fn taken(at: u32) -> vec4f {
  var s = x[at];
  if (RESIDUAL) {
    s += residual[at];
    x[at] = s;
  }
  return s;
}

fn normalize(at: u32, c: u32, mean: f32, rstd: f32) {
  var made = (x[at] - mean) * rstd * weight[c] + bias[c];
  if (DROPOUT) { made *= dropout_epilogue(step, params.first, params.example, params.site, params.p, at * 4u); }
  y[at] = made;
}

@compute @workgroup_size(64)
fn layer_norm(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = linear_group(group, groups) * 64u + local;
  if (row >= params.N) { return; }
  let C4 = params.C / 4u;
  let begin = row * C4;
  let size = f32(params.C);
  var sum = vec4f();
  for (var c = 0u; c < C4; c++) { sum += taken(begin + c); }
  let mean = dot(sum, vec4f(1.0)) / size;
  var squares = vec4f();
  for (var c = 0u; c < C4; c++) {
    let centred = x[begin + c] - mean;
    squares += centred * centred;
  }
  let rstd = 1.0 / sqrt(dot(squares, vec4f(1.0)) / size + params.eps);
  for (var c = 0u; c < C4; c++) { normalize(begin + c, c, mean, rstd); }
  stats[row] = vec2f(mean, rstd);
}
