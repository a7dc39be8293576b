// sgd: one step of stochastic gradient descent (as torch.optim.SGD, no dampening, no Nesterov) over a slab:
//   g = gradient · scalars[slot] + weight_decay · parameter
//   m = momentum · m + g   (where MOMENTUM; else m is g)
//   parameter = parameter - lr · m
// with lr = learning_rate · lr_scale.
//
//   binding  name             shape       access
//   0        parameter        [count]     read_write
//   1        gradient         [count]     read_write, only read
//   2        momentum_buffer  [count]     read_write, unused where MOMENTUM is 0
//   3        scalars          [slot + 1]  read_write, only read
//   4        params                       uniform
//   5        step                         uniform
//
// Dispatch: count / 256, 4 elements a thread. Reference: test/reference/optimizer.ts

override MOMENTUM: u32 = 0u;

struct Params {
  count: u32,
  slot: u32,
  momentum: f32,
  weight_decay: f32,
  lr_scale: f32,
}

@group(0) @binding(0) var<storage, read_write> parameter: array<f32>;
@group(0) @binding(1) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> momentum_buffer: array<f32>;
@group(0) @binding(3) var<storage, read_write> scalars: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<uniform> step: StepScalars;

@compute @workgroup_size(64)
fn sgd(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let lr = step.learning_rate * params.lr_scale;
  let factor = scalars[params.slot];
  let first = linear_group(group, groups) * 256u + local;
  let end = min(first + 256u, params.count);
  for (var i = first; i < end; i += 64u) {
    var m = gradient[i] * factor + params.weight_decay * parameter[i];
    if (MOMENTUM != 0u) {
      m += params.momentum * momentum_buffer[i];
      momentum_buffer[i] = m;
    }
    parameter[i] -= lr * m;
  }
}
