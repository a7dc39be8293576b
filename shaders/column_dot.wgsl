// column_dot: d_l[C] += sum over rows of d_y · x, a column a thread: the gradient of scale_columns' factors, by
// blocks of rows (prelude).
//
//   binding  name    shape   access
//   0        d_y     [N, C]  read_write, only read
//   1        x       [N, C]  read_write, only read
//   2        d_l     [C]     read_write
//   3        params          uniform
//
// Dispatch: C / 64. Reference: test/reference/columns.ts

struct Params {
  N: u32,
  C: u32,
  T: u32,
  first: u32,
}

@group(0) @binding(0) var<storage, read_write> d_y: array<f32>;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> d_l: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn column_dot(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let c = linear_group(group, groups) * 64u + local;
  if (c >= params.C) { return; }
  var sum = d_l[c];
  var n = 0u;
  while (n < params.N) {
    let end = block_end(n, params.first, params.T, params.N);
    var block_sum = 0.0;
    while (n < end) {
      block_sum += d_y[n * params.C + c] * x[n * params.C + c];
      n++;
    }
    sum += block_sum;
  }
  d_l[c] = sum;
}
