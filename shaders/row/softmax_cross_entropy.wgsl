// softmax_cross_entropy for graphics processors: a workgroup of 64 lanes a row, each lane every 64th class. One pass finds the maximum and the sum that goes with
// it (Milakov & Gimelshein, arXiv:1805.02867), a second one makes the gradient. Workgroup memory: 832 bytes. Dispatch: B

var<workgroup> tops: array<f32, 64>;

// 0 for what is far below: exp never sees the start value of a maximum.
fn share(x: f32, top: f32) -> f32 {
  return exp(max(x - top, -80.0));
}

@compute @workgroup_size(64)
fn softmax_cross_entropy(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let b = linear_group(group, groups);
  if (b >= params.B) { return; }
  let first = b * params.V;
  let label = u32(labels[b]);
  // As u32 a negative label lies above all classes.
  if (label >= params.V) {
    if (local == 0u) { row_loss[b] = 0.0; }
    for (var c = local; c < params.V; c += 64u) { logits[first + c] = 0.0; }
    return;
  }
  // Read before any lane puts a gradient there.
  let label_logit = logits[first + label];
  var top = -1e30;
  var total = 0.0;
  var weight_sum = 0.0;
  for (var c = local; c < params.V; c += 64u) {
    let x = logits[first + c];
    let higher = max(top, x);
    total = total * share(top, higher) + share(x, higher);
    top = higher;
    if (SMOOTHED) { weight_sum += weight_of(c); }
  }
  tops[local] = top;
  workgroupBarrier();
  var highest = tops[0];
  for (var i = 1u; i < 64u; i++) { highest = max(highest, tops[i]); }
  let sums = sum_lanes(local, vec2f(total * share(top, highest), weight_sum));
  top = highest;
  total = sums.x;
  weight_sum = sums.y;
  let log_total = log(total);
  let own = weight_of(label);
  let other = params.smoothing / f32(params.V);
  var sum = 0.0;
  for (var c = local; c < params.V; c += 64u) {
    let x = logits[first + c];
    let probability = share(x, top) / total;
    var gradient = own * (probability - select(0.0, 1.0, c == label));
    if (SMOOTHED) {
      let weight = weight_of(c);
      sum += weight * (log_total + (top - x));
      gradient = (1.0 - params.smoothing) * gradient + other * (weight_sum * probability - weight);
    }
    logits[first + c] = gradient * step.inverse_count;
  }
  var loss = own * (log_total + (top - label_logit));
  if (SMOOTHED) { loss = (1.0 - params.smoothing) * loss + other * sum_lanes(local, vec2f(sum, 0.0)).x; }
  if (local == 0u) { row_loss[b] = loss * step.inverse_count; }
}
