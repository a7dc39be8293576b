// clip_scale: out[slot] = norm = √(sum of partials), out[slot + 1] = min(1, max_grad_norm / (norm + 1e-6)), as
// torch.nn.utils.clip_grad_norm_, or 1 where max_grad_norm is 0. One thread, in order.
//
//   binding  name      shape       access
//   0        partials  [count]     read_write, only read
//   1        out       [slot + 2]  read_write
//   2        params                uniform
//   3        step                  uniform
//
// Dispatch: 1. Reference: test/reference/optimizer.ts

struct Params {
  count: u32,
  slot: u32,
}

@group(0) @binding(0) var<storage, read_write> partials: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
@group(0) @binding(3) var<uniform> step: StepScalars;

fn put_scale(sum: f32) {
  let norm = sqrt(sum);
  out[params.slot] = norm;
  out[params.slot + 1u] = select(1.0, min(1.0, step.max_grad_norm / (norm + 1e-6)), step.max_grad_norm > 0.0);
}

@compute @workgroup_size(1)
fn clip_scale() {
  var sum = 0.0;
  for (var i = 0u; i < params.count; i++) { sum += partials[i]; }
  put_scale(sum);
}
