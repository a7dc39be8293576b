// rms_norm_weight: d_weight += sum over rows of d_y · x · rstd, a column a thread, by blocks of rows (prelude).
//
//   binding  name      shape    access
//   0        d_y       [N, C]   read_write, only read
//   1        x         [N, C]   read_write, only read
//   2        rstd      [N]      read_write, only read
//   3        d_weight  [C]      read_write
//   4        params             uniform
//
// Dispatch: C / 64. Reference: test/reference/rms_norm.ts

struct Params {
  N: u32,
  C: u32,
  T: u32,
  first: u32,
}

@group(0) @binding(0) var<storage, read_write> d_y: array<f32>;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> rstd: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_weight: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn rms_norm_weight(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let c = linear_group(group, groups) * 64u + local;
  if (c >= params.C) { return; }
  var sum = d_weight[c];
  var n = 0u;
  while (n < params.N) {
    let end = block_end(n, params.first, params.T, params.N);
    var block_sum = 0.0;
    while (n < end) {
      let at = n * params.C + c;
      block_sum += d_y[at] * (x[at] * rstd[n]);
      n++;
    }
    sum += block_sum;
  }
  d_weight[c] = sum;
}
