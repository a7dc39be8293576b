// adafactor_row: the row factor of Adafactor's second moments (Shazeer & Stern 2018, arXiv:1804.04235, as transformers.Adafactor):
//   row[i] = beta2_t · row[i] + (1 - beta2_t) · (mean over j of (gradient[i, j] · scalars[slot])² + eps)
// With C = 1 it is the whole second moment of a vector.
//
//   binding  name      shape       access
//   0        gradient  [R, C]      read_write, only read
//   1        row       [R]         read_write
//   2        scalars   [slot + 1]  read_write, only read
//   3        params                uniform
//   4        step                  uniform
//
// Dispatch: R, one row a workgroup. Reference: test/reference/adafactor.ts

struct Params {
  R: u32,
  C: u32,
  slot: u32,
  eps: f32,
}

@group(0) @binding(0) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(1) var<storage, read_write> row: array<f32>;
@group(0) @binding(2) var<storage, read_write> scalars: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(4) var<uniform> step: StepScalars;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn adafactor_row(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = linear_group(group, groups);
  if (i >= params.R) { return; }
  let factor = scalars[params.slot];
  var sum = 0.0;
  for (var j = local; j < params.C; j += 64u) {
    let g = gradient[i * params.C + j] * factor;
    sum += g * g;
  }
  sums[local] = sum;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { sums[local] += sums[local + half]; }
  }
  if (local == 0u) {
    row[i] = step.beta2_t * row[i] + (1.0 - step.beta2_t) * (sums[0] / f32(params.C) + params.eps);
  }
}
