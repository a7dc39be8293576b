// scatter_rows: x[rows[r]] = y[r], the other rows of x as they were: what gather_rows took, put back. No two of `rows` name the same row; what names none
// is left out.
//
//   binding  name    shape   access
//   0        y       [R, C]  read_write, only read
//   1        rows    [R]     read
//   2        x       [N, C]  read_write
//   3        params          uniform
//
// C is a multiple of 4. Dispatch: R · C / 256, 4 elements a thread. Reference: test/reference/words.ts

struct Params {
  N: u32,
  R: u32,
  C: u32,
}

@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> rows: array<u32>;
@group(0) @binding(2) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn scatter_rows(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let C4 = params.C / 4u;
  let at = linear_group(group, groups) * 64u + local;
  if (at >= params.R * C4) { return; }
  let row = rows[at / C4];
  if (row < params.N) { x[row * C4 + at % C4] = y[at]; }
}
