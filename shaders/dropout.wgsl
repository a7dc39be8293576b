// dropout: x = x · mask / (1 - p) in place, mask[i] = random_uniform(key(seed, micro_step, site), begin + i) >= p, where `begin` is the number of x's first
// element in the tensor of the whole batch: element `first` of a slice that begins at example `first_example`, with `example` elements to
// an example. The gradient is the same kernel on d_x. With COPY, y is x · mask / (1 - p) and x stays.
//
//   binding  name    shape    access
//   0        x       [count]  read_write
//   1        y       [count]  read_write, where COPY
//   2        params           uniform
//   3        step             uniform
//
// Dispatch: count / 256, 4 elements a thread. Reference: test/reference/activation.ts

struct Params {
  count: u32,
  first: u32,
  example: u32,
  site: u32,
  p: f32,
}

@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
@group(0) @binding(3) var<uniform> step: StepScalars;

override COPY = false;

@compute @workgroup_size(64)
fn dropout(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let key = random_key(step.seed, step.micro_step, params.site);
  let first = params.first + step.first_example * params.example;
  let begin = linear_group(group, groups) * 256u + local;
  let end = min(begin + 256u, params.count);
  for (var i = begin; i < end; i += 64u) {
    let dropped = x[i] * dropout_factor(key, first + i, params.p);
    if (COPY) { y[i] = dropped; } else { x[i] = dropped; }
  }
}
