// softmax_cross_entropy_wide: as softmax_cross_entropy, for a vocabulary: a row a workgroup, V logits in a row of `width`. Logits past V count
// nothing, and their gradient is 0. With LOG_LIKELIHOOD row_loss is log softmax(logits)[label], as it is, and the logits stay. A label that is no
// class, such as -100, leaves row_loss 0, and the gradient.
//
//   binding  name      shape       access
//   0        logits    [B, width]  read_write, afterwards their gradient
//   1        labels    [B]         read
//   2        row_loss  [B]         read_write
//   3        params                uniform
//   4        step                  uniform
//
// width is a multiple of 4. Dispatch: B. Each of LANES lanes, 64 in this form, takes every LANES-th vec4 with the running maximum and sum of Milakov & Gimelshein
// (arXiv:1805.02867), and halves are joined in a fixed order. Reference: test/reference/loss.ts

struct Params {
  B: u32,
  V: u32,
  width: u32,
  smoothing: f32,
}

@group(0) @binding(0) var<storage, read_write> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read_write> row_loss: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(4) var<uniform> step: StepScalars;

override SMOOTHED = false;
override LOG_LIKELIHOOD = false;

var<workgroup> tops: array<f32, LANES>;
var<workgroup> totals: array<f32, LANES>;
var<workgroup> sums: array<f32, LANES>;

// 0 for what is far below: exp never sees the start value of a maximum.
fn share(x: f32, top: f32) -> f32 {
  return exp(max(x - top, -80.0));
}

fn take_row(b: u32, local: u32) {
  if (b >= params.B) { return; }
  let width4 = params.width / 4u;
  let first = b * width4;
  let label = u32(labels[b]);
  // As u32 a negative label lies above all classes.
  if (label >= params.V) {
    if (local == 0u) { row_loss[b] = 0.0; }
    if (!LOG_LIKELIHOOD) {
      for (var i = local; i < width4; i += LANES) { logits[first + i] = vec4f(); }
    }
    return;
  }
  // Read before any lane puts a gradient there.
  let label_logit = logits[first + label / 4u][label % 4u];
  var top = -1e30;
  var total = 0.0;
  var sum = 0.0;
  for (var i = local; i < width4; i += LANES) {
    let valid = i * 4u + vec4u(0u, 1u, 2u, 3u) < vec4u(params.V);
    let x = logits[first + i];
    let held = select(vec4f(-1e30), x, valid);
    let higher = max(top, max(max(held.x, held.y), max(held.z, held.w)));
    let weight = select(vec4f(), exp(max(held - higher, vec4f(-80.0))), valid);
    total = total * share(top, higher) + (weight.x + weight.y + weight.z + weight.w);
    top = higher;
    if (SMOOTHED) {
      let counted = select(vec4f(), x, valid);
      sum += counted.x + counted.y + counted.z + counted.w;
    }
  }
  tops[local] = top;
  totals[local] = total;
  sums[local] = sum;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) {
      let other = local + half;
      let higher = max(tops[local], tops[other]);
      totals[local] = totals[local] * share(tops[local], higher) + totals[other] * share(tops[other], higher);
      tops[local] = higher;
      sums[local] += sums[other];
    }
  }
  workgroupBarrier();
  top = tops[0];
  total = totals[0];
  if (local == 0u) {
    var loss = log(total) + (top - label_logit);
    if (SMOOTHED) { loss = (1.0 - params.smoothing) * loss + params.smoothing * (log(total) + (top - sums[0] / f32(params.V))); }
    row_loss[b] = select(loss * step.inverse_count, label_logit - top - log(total), LOG_LIKELIHOOD);
  }
  if (LOG_LIKELIHOOD) { return; }
  var own = 1.0;
  var all = 0.0;
  if (SMOOTHED) {
    own = 1.0 - params.smoothing;
    all = params.smoothing / f32(params.V);
  }
  for (var i = local; i < width4; i += LANES) {
    let columns = i * 4u + vec4u(0u, 1u, 2u, 3u);
    let probability = exp(max(logits[first + i] - top, vec4f(-80.0))) / total;
    let wanted = all + select(vec4f(), vec4f(own), columns == vec4u(label));
    logits[first + i] = select(vec4f(), (probability - wanted) * step.inverse_count, columns < vec4u(params.V));
  }
}

@compute @workgroup_size(64)
fn softmax_cross_entropy_wide(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  take_row(linear_group(group, groups), local);
}

const LANES = 64u;
