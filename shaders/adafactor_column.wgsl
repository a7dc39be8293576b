// adafactor_column: the column factor of Adafactor's second moments:
//   column[j] = beta2_t · column[j] + (1 - beta2_t) · (mean over i of (gradient[i, j] · scalars[slot])² + eps)
// The mean is over the `rows` of the parameter, of which R are here: the first piece of a table that is split decays the column and adds eps, the
// others add their share.
//
//   binding  name      shape       access
//   0        gradient  [R, C]      read_write, only read
//   1        column    [C]         read_write
//   2        scalars   [slot + 1]  read_write, only read
//   3        params                uniform
//   4        step                  uniform
//
// Dispatch: C / 64, one column a thread. Reference: test/reference/adafactor.ts

struct Params {
  R: u32,
  C: u32,
  slot: u32,
  eps: f32,
  // First row of the piece, and rows of the parameter.
  begin: u32,
  rows: u32,
}

@group(0) @binding(0) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(1) var<storage, read_write> column: array<f32>;
@group(0) @binding(2) var<storage, read_write> scalars: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(4) var<uniform> step: StepScalars;

// The factor of a column from the sum of the squares in it.
fn put_column(j: u32, sum: f32) {
  var before = column[j];
  if (params.begin == 0u) { before = step.beta2_t * before + (1.0 - step.beta2_t) * params.eps; }
  column[j] = before + (1.0 - step.beta2_t) * (sum / f32(params.rows));
}

@compute @workgroup_size(64)
fn adafactor_column(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let j = linear_group(group, groups) * 64u + local;
  if (j >= params.C) { return; }
  let factor = scalars[params.slot];
  var sum = 0.0;
  let whole = params.R & ~3u;
  // Four rows at a time, so that their loads are under way together: a vocabulary has tens of thousands of rows and few columns.
  for (var i = 0u; i < whole; i += 4u) {
    let at = vec4u(i, i + 1u, i + 2u, i + 3u) * params.C + j;
    let g = vec4f(gradient[at.x], gradient[at.y], gradient[at.z], gradient[at.w]) * factor;
    sum += dot(g, g);
  }
  for (var i = whole; i < params.R; i++) {
    let g = gradient[i * params.C + j] * factor;
    sum += g * g;
  }
  put_column(j, sum);
}
