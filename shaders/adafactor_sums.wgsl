// adafactor_sums: what the scale of Adafactor's step is made from, row by row:
//   partials[begin + i] = row[i]
//   partials[rows + begin + i] = sum over j of (gradient[i, j] · scalars[slot])² / (row[i] · column[j])   (without column where FACTORED is 0)
//
//   binding  name      shape       access
//   0        gradient  [R, C]      read_write, only read
//   1        row       [R]         read_write, only read
//   2        column    [C]         read_write, only read, unused where FACTORED is 0
//   3        partials  [2, rows]   read_write
//   4        scalars   [slot + 1]  read_write, only read
//   5        params                uniform
//
// Dispatch: R, one row a workgroup. Reference: test/reference/adafactor.ts

override FACTORED: u32 = 0u;

struct Params {
  R: u32,
  C: u32,
  slot: u32,
  // First row of the piece, and rows of the parameter.
  begin: u32,
  rows: u32,
}

@group(0) @binding(0) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(1) var<storage, read_write> row: array<f32>;
@group(0) @binding(2) var<storage, read_write> column: array<f32>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;
@group(0) @binding(4) var<storage, read_write> scalars: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn adafactor_sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = linear_group(group, groups);
  if (i >= params.R) { return; }
  let factor = scalars[params.slot];
  var sum = 0.0;
  for (var j = local; j < params.C; j += 64u) {
    var u = gradient[i * params.C + j] * factor;
    if (FACTORED != 0u) { u *= inverseSqrt(column[j]); }
    sum += u * u;
  }
  sums[local] = sum;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { sums[local] += sums[local + half]; }
  }
  if (local == 0u) {
    partials[params.begin + i] = row[i];
    partials[params.rows + params.begin + i] = sums[0] / row[i];
  }
}
