// layer_norm_parameters: d_weight += sum over rows of d_y · x̂ and, with BIAS, d_bias += sum over rows of d_y, a column a
// thread, by blocks of rows (prelude).
//
//   binding  name      shape    access
//   0        d_y       [N, C]   read_write, only read
//   1        s         [N, C]   read_write, only read
//   2        stats     [N, 2]   read_write, only read
//   3        d_weight  [C]      read_write
//   4        d_bias    [C]      read_write
//   5        params             uniform
//
// Dispatch: C / 64. Reference: test/reference/layer_norm.ts

struct Params {
  N: u32,
  C: u32,
  T: u32,
  first: u32,
}

@group(0) @binding(0) var<storage, read_write> d_y: array<f32>;
@group(0) @binding(1) var<storage, read_write> s: array<f32>;
@group(0) @binding(2) var<storage, read_write> stats: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> d_weight: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_bias: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

override BIAS = true;

@compute @workgroup_size(64)
fn layer_norm_parameters(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let c = linear_group(group, groups) * 64u + local;
  if (c >= params.C) { return; }
  var weight_sum = d_weight[c];
  var bias_sum = 0.0;
  if (BIAS) { bias_sum = d_bias[c]; }
  var n = 0u;
  while (n < params.N) {
    let end = block_end(n, params.first, params.T, params.N);
    var weight_block = 0.0;
    var bias_block = 0.0;
    while (n < end) {
      let at = n * params.C + c;
      let g = d_y[at];
      weight_block += g * ((s[at] - stats[n].x) * stats[n].y);
      bias_block += g;
      n++;
    }
    weight_sum += weight_block;
    bias_sum += bias_block;
  }
  d_weight[c] = weight_sum;
  if (BIAS) { d_bias[c] = bias_sum; }
}
