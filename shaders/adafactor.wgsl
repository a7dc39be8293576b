// adafactor: one step of Adafactor (Shazeer & Stern 2018, arXiv:1804.04235, as transformers.Adafactor with scale_parameter and relative_step off) on
// a parameter of R rows, once its factors are there:
//   parameter = (1 - lr · weight_decay) · parameter - lr · factors[1] · g / √(row[i] / factors[0] · column[j])   (without column where FACTORED is 0)
// with g = gradient · scalars[slot], lr = learning_rate · lr_scale.
//
//   binding  name       shape       access
//   0        parameter  [R, C]      read_write
//   1        gradient   [R, C]      read_write, only read
//   2        row        [R]         read_write, only read
//   3        column     [C]         read_write, only read, unused where FACTORED is 0
//   4        factors    [2]         read_write, only read
//   5        scalars    [slot + 1]  read_write, only read
//   6        params                 uniform
//   7        step                   uniform
//
// Dispatch: R · C / 256, 4 elements a thread. Reference: test/reference/adafactor.ts

override FACTORED: u32 = 0u;

struct Params {
  R: u32,
  C: u32,
  slot: u32,
  weight_decay: f32,
  lr_scale: f32,
}

@group(0) @binding(0) var<storage, read_write> parameter: array<f32>;
@group(0) @binding(1) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> row: array<f32>;
@group(0) @binding(3) var<storage, read_write> column: array<f32>;
@group(0) @binding(4) var<storage, read_write> factors: array<f32>;
@group(0) @binding(5) var<storage, read_write> scalars: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;
@group(0) @binding(7) var<uniform> step: StepScalars;

@compute @workgroup_size(64)
fn adafactor(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let lr = step.learning_rate * params.lr_scale;
  let factor = scalars[params.slot] * factors[1];
  let first = linear_group(group, groups) * 256u + local;
  let end = min(first + 256u, params.R * params.C);
  for (var at = first; at < end; at += 64u) {
    let i = at / params.C;
    // Two roots: the product of two factors of vanishing gradients is below what f32 holds.
    var update = gradient[at] * factor * inverseSqrt(row[i] / factors[0]);
    if (FACTORED != 0u) { update *= inverseSqrt(column[at - i * params.C]); }
    parameter[at] = parameter[at] * (1.0 - lr * params.weight_decay) - lr * update;
  }
}
