// mean_squared_error: row_loss = mean over a row of (output - target)² · inverse_count, and in place of the outputs their gradient
// 2 / K (output - target) · inverse_count, a row a thread. A row with a target beyond ±3e38, which no data have, leaves both 0.
//
//   binding  name      shape   access
//   0        outputs   [N, K]  read_write, afterwards their gradient
//   1        targets   [N, K]  read
//   2        row_loss  [N]     read_write
//   3        params            uniform
//   4        step              uniform
//
// Dispatch: N / 64. Reference: test/reference/loss.ts

struct Params {
  N: u32,
  K: u32,
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
  let first = n * params.K;
  let end = first + params.K;
  var counts = true;
  for (var i = first; i < end; i++) { counts = counts && abs(targets[i]) <= 3e38; }
  let share = step.inverse_count / f32(params.K);
  var loss = 0.0;
  for (var i = first; i < end; i++) {
    // The target alone is left out: an output that is no number must show.
    let difference = outputs[i] - select(outputs[i], targets[i], counts);
    loss += difference * difference * share;
    outputs[i] = 2.0 * difference * share;
  }
  row_loss[n] = loss;
}
