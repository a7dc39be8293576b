// softmax_cross_entropy: row_loss = -log softmax(logits)[label] · inverse_count, and in place of the logits their gradient
// (softmax(logits) - onehot(label)) · inverse_count, a row a thread. A label that is no class, such as -100, leaves both 0.
//
// As torch.nn.CrossEntropyLoss: with WEIGHTED the row counts weights[label] times, and inverse_count is 1 over the sum of the weights of the labels that
// count; SMOOTHED by e the loss is (1 - e) of that and e / V times the sum over all classes of weights[class] · -log softmax(logits)[class].
//
//   binding  name      shape   access
//   0        logits    [B, V]  read_write, afterwards their gradient
//   1        labels    [B]     read
//   2        weights   [V]     read, where WEIGHTED
//   3        row_loss  [B]     read_write
//   4        params            uniform
//   5        step              uniform
//
// Dispatch: B / 64. Reference: test/reference/loss.ts

struct Params {
  B: u32,
  V: u32,
  smoothing: f32,
}

@group(0) @binding(0) var<storage, read_write> logits: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> row_loss: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<uniform> step: StepScalars;

override WEIGHTED = false;
override SMOOTHED = false;

fn weight_of(c: u32) -> f32 {
  if (WEIGHTED) { return weights[c]; }
  return 1.0;
}

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
  let own = weight_of(u32(labels[b]));
  var loss = own * (log(total) + (top - logits[target_at]));
  let other = params.smoothing / f32(params.V);
  var weight_sum = 0.0;
  if (SMOOTHED) {
    var sum = 0.0;
    for (var i = first; i < end; i++) {
      let weight = weight_of(i - first);
      weight_sum += weight;
      sum += weight * (log(total) + (top - logits[i]));
    }
    loss = (1.0 - params.smoothing) * loss + other * sum;
  }
  row_loss[b] = loss * step.inverse_count;
  for (var i = first; i < end; i++) {
    let probability = exp(max(logits[i] - top, -80.0)) / total;
    var gradient = own * (probability - select(0.0, 1.0, i == target_at));
    if (SMOOTHED) { gradient = (1.0 - params.smoothing) * gradient + other * (weight_sum * probability - weight_of(i - first)); }
    logits[i] = gradient * step.inverse_count;
  }
}
