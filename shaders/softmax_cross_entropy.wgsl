// softmax_cross_entropy: row_loss = -log softmax(logits)[label] · inverse_count, and in place of the logits their gradient
// (softmax(logits) - onehot(label)) · inverse_count, a row a thread. A label that is no class, such as -100, leaves both 0.
//
//   binding  name      shape    access
//   0        logits    [B, V]   read_write, afterwards their gradient
//   1        labels    [B]      read
//   2        row_loss  [B]      read_write
//   3        params             uniform
//   4        step               uniform
//
// Dispatch: B / 64. Reference: test/reference/loss.ts

struct Params {
  B: u32,
  V: u32,
}

@group(0) @binding(0) var<storage, read_write> logits: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read_write> row_loss: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(4) var<uniform> step: StepScalars;

@compute @workgroup_size(64)
fn softmax_cross_entropy(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let b = linear_group(group, groups) * 64u + local;
  if (b >= params.B) { return; }
  let first = b * params.V;
  let end = first + params.V;
  // As u32 a negative label lies above all classes.
  if (u32(labels[b]) >= params.V) {
    row_loss[b] = 0.0;
    for (var i = first; i < end; i++) { logits[i] = 0.0; }
    return;
  }
  let target_at = first + u32(labels[b]);
  var top = logits[first];
  for (var i = first; i < end; i++) { top = max(top, logits[i]); }
  var total = 0.0;
  for (var i = first; i < end; i++) { total += exp(max(logits[i] - top, -80.0)); }
  row_loss[b] = (log(total) + (top - logits[target_at])) * step.inverse_count;
  for (var i = first; i < end; i++) {
    let probability = exp(max(logits[i] - top, -80.0)) / total;
    logits[i] = (probability - select(0.0, 1.0, i == target_at)) * step.inverse_count;
  }
}
