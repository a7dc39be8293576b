// mean_squared_error: row_loss = (output - target)² · inverse_count, and in place of the outputs their gradient 2 (output - target) · inverse_count, a row
// a thread. A target beyond ±3e38, which no data have, leaves both 0.
//
//   binding  name      shape   access
//   0        outputs   [N, 1]  read_write, afterwards their gradient
//   1        targets   [N]     read
//   2        row_loss  [N]     read_write
//   3        params            uniform
//   4        step              uniform
//
// Dispatch: N / 64. Reference: test/reference/loss.ts

struct Params {
  N: u32,
}

@group(0) @binding(0) var<storage, read_write> outputs: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<f32>;
@group(0) @binding(2) var<storage, read_write> row_loss: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(4) var<uniform> step: StepScalars;

@compute @workgroup_size(64)
fn mean_squared_error(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let n = linear_group(group, groups) * 64u + local;
  if (n >= params.N) { return; }
  let counts = abs(targets[n]) <= 3e38;
  // The target alone is left out: an output that is no number must show.
  let difference = outputs[n] - select(outputs[n], targets[n], counts);
  row_loss[n] = difference * difference * step.inverse_count;
  outputs[n] = 2.0 * difference * step.inverse_count;
}
