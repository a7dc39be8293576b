// lion: one step of Lion (Chen et al. 2023, arXiv:2302.06675, algorithm 2) over a slab:
//   g = gradient · scalars[slot]
//   parameter = (1 - lr · weight_decay) · parameter - lr · sign(beta1 · m + (1 - beta1) · g)
//   m = beta2 · m + (1 - beta2) · g
// with lr = learning_rate · lr_scale.
//
//   binding  name       shape       access
//   0        parameter  [count]     read_write
//   1        gradient   [count]     read_write, only read
//   2        exp_avg    [count]     read_write
//   3        scalars    [slot + 1]  read_write, only read
//   4        params                 uniform
//   5        step                   uniform
//
// Dispatch: count / 256, 4 elements a thread. Reference: test/reference/optimizer.ts

struct Params {
  count: u32,
  slot: u32,
  beta1: f32,
  beta2: f32,
  weight_decay: f32,
  lr_scale: f32,
}

@group(0) @binding(0) var<storage, read_write> parameter: array<f32>;
@group(0) @binding(1) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> exp_avg: array<f32>;
@group(0) @binding(3) var<storage, read_write> scalars: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<uniform> step: StepScalars;

@compute @workgroup_size(64)
fn lion(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let lr = step.learning_rate * params.lr_scale;
  let factor = scalars[params.slot];
  let first = linear_group(group, groups) * 256u + local;
  let end = min(first + 256u, params.count);
  for (var i = first; i < end; i += 64u) {
    let g = gradient[i] * factor;
    let m = exp_avg[i];
    let direction = sign(params.beta1 * m + (1.0 - params.beta1) * g);
    parameter[i] = parameter[i] * (1.0 - lr * params.weight_decay) - lr * direction;
    exp_avg[i] = params.beta2 * m + (1.0 - params.beta2) * g;
  }
}
