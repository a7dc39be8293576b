// column_sum: d_bias[N] += alpha · sum over rows of the first N columns of d_y[M,width], a column a thread, by blocks of rows (prelude).
//
//   binding  name    shape       access
//   0        d_y     [M, width]  read_write, only read
//   1        d_bias  [N]         read_write
//   2        params              uniform
//
// Dispatch: N / 64. Reference: test/reference/gemm.ts

struct Params {
  M: u32,
  N: u32,
  width: u32,
  T: u32,
  first: u32,
  alpha: f32,
}

@group(0) @binding(0) var<storage, read_write> d_y: array<f32>;
@group(0) @binding(1) var<storage, read_write> d_bias: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn column_sum(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let n = linear_group(group, groups) * 64u + local;
  if (n >= params.N) { return; }
  var sum = d_bias[n];
  var m = 0u;
  while (m < params.M) {
    let end = block_end(m, params.first, params.T, params.M);
    var block_sum = 0.0;
    while (m < end) {
      block_sum += params.alpha * d_y[m * params.width + n];
      m++;
    }
    sum += block_sum;
  }
  d_bias[n] = sum;
}
