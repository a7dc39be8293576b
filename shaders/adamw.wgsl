// adamw: one step of AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101, as torch.optim.AdamW) over a slab:
//   g = gradient · scalars[slot]
//   m = beta1 · m + (1 - beta1) · g,  v = beta2 · v + (1 - beta2) · g²
//   parameter = (1 - lr · weight_decay) · parameter - lr · (m / bias_correction1) / (√v / √bias_correction2 + eps)
// with lr = learning_rate · lr_scale.
//
//   binding  name        shape       access
//   0        parameter   [count]     read_write
//   1        gradient    [count]     read_write, only read
//   2        exp_avg     [count]     read_write
//   3        exp_avg_sq  [count]     read_write
//   4        scalars     [slot + 1]  read_write, only read
//   5        params                  uniform
//   6        step                    uniform
//
// Dispatch: count / 256, 4 elements a thread. Reference: test/reference/optimizer.ts

struct Params {
  count: u32,
  slot: u32,
  beta1: f32,
  beta2: f32,
  eps: f32,
  weight_decay: f32,
  lr_scale: f32,
}

@group(0) @binding(0) var<storage, read_write> parameter: array<f32>;
@group(0) @binding(1) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> exp_avg: array<f32>;
@group(0) @binding(3) var<storage, read_write> exp_avg_sq: array<f32>;
@group(0) @binding(4) var<storage, read_write> scalars: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;
@group(0) @binding(6) var<uniform> step: StepScalars;

@compute @workgroup_size(64)
fn adamw(
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
    let m = exp_avg[i] + (g - exp_avg[i]) * (1.0 - params.beta1);
    let v = params.beta2 * exp_avg_sq[i] + (1.0 - params.beta2) * g * g;
    exp_avg[i] = m;
    exp_avg_sq[i] = v;
    let decayed = parameter[i] * (1.0 - lr * params.weight_decay);
    parameter[i] = decayed - lr / step.bias_correction1 * m / (sqrt(v) / step.bias_correction2_sqrt + params.eps);
  }
}
