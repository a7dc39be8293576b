// attention_backward_kv: d_k = scale · sum over queries of d_score · q and d_v = sum over queries of mask / (1 - p) · probability · d_out,
// in place on k and v: one key row of one head a thread, which reads and writes no other row of them. d_score and probability are those of
// attention_backward_q.
//
//   binding  name     shape           access
//   0        q        [B, T, NH, HD]  read_write, only read
//   1        k        [B, S, NH, HD]  read_write, d_k on return
//   2        v        [B, S, NH, HD]  read_write, d_v on return
//   3        d_out    [B, T, NH, HD]  read_write, only read
//   4        lse      [B, NH, T]      read_write, only read
//   5        delta    [B, NH, T]      read_write, only read
//   6        lengths  [..]            read_write, only read
//   7        params                   uniform
//   8        step                     uniform
//
// Dispatch: B · NH · S / 64. Reference: test/reference/attention.ts

struct Params {
  B: u32,
  T: u32,
  S: u32,
  prefix: u32,
  NH: u32,
  first: u32,
  scale: f32,
  site: u32,
  p: f32,
}

@group(0) @binding(0) var<storage, read_write> q: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> k: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> d_out: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;
@group(0) @binding(5) var<storage, read_write> delta: array<f32>;
@group(0) @binding(6) var<storage, read_write> lengths: array<u32>;
@group(0) @binding(7) var<uniform> params: Params;
@group(0) @binding(8) var<uniform> step: StepScalars;

override CAUSAL = false;
override CROSS = false;

@compute @workgroup_size(64)
fn attention_backward_kv(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = linear_group(group, groups) * 64u + local;
  let T = params.T;
  let S = params.S;
  if (index >= params.B * params.NH * S) { return; }
  let row = index % S;
  let b = index / S / params.NH;
  let head = index / S % params.NH;
  let stride = params.NH * HD4;
  let origin = b * T * stride + head * HD4;
  let own = (b * S + row) * stride + head * HD4;
  let queries = (b * params.NH + head) * T;
  let key = random_key(step.seed, step.micro_step, params.site);
  var own_k: HeadVector;
  var own_v: HeadVector;
  var d_k: HeadVector;
  var d_v: HeadVector;
  for (var c = 0u; c < HD4; c++) {
    own_k[c] = params.scale * k[own + c];
    own_v[c] = v[own + c];
  }
  let length = min(lengths[params.first + b], S - params.prefix);
  let end = select(0u, select(length, T, CROSS), row < params.prefix + length);
  let begin = select(0u, row - min(row, params.prefix), CAUSAL);
  // Four query rows a turn, as in the forward pass.
  for (var i = begin; i < end; i += 4u) {
    let rows = vec4u(i, i + 1u, i + 2u, i + 3u);
    let held = min(rows, vec4u(end - 1u));
    let at = origin + held * stride;
    let query = queries + held;
    var score = vec4f();
    var d_probability = vec4f();
    for (var c = 0u; c < HD4; c++) {
      let x = own_k[c];
      let y = own_v[c];
      score += vec4f(dot(q[at.x + c], x), dot(q[at.y + c], x), dot(q[at.z + c], x), dot(q[at.w + c], x));
      d_probability += vec4f(dot(d_out[at.x + c], y), dot(d_out[at.y + c], y), dot(d_out[at.z + c], y), dot(d_out[at.w + c], y));
    }
    var factor = vec4f(1.0);
    if (params.p > 0.0) { factor = dropout_factor4(key, ((step.first_example + params.first) * params.NH * T + query) * S + row, params.p); }
    let row_lse = vec4f(lse[query.x], lse[query.y], lse[query.z], lse[query.w]);
    let row_delta = vec4f(delta[query.x], delta[query.y], delta[query.z], delta[query.w]);
    let probability = select(vec4f(), exp(clamp(score - row_lse, vec4f(-80.0), vec4f())), rows < vec4u(end));
    let d_score = probability * (factor * d_probability - row_delta);
    let kept = factor * probability;
    for (var c = 0u; c < HD4; c++) {
      d_k[c] += d_score.x * q[at.x + c] + d_score.y * q[at.y + c] + d_score.z * q[at.z + c] + d_score.w * q[at.w + c];
      d_v[c] += kept.x * d_out[at.x + c] + kept.y * d_out[at.y + c] + kept.z * d_out[at.z + c] + kept.w * d_out[at.w + c];
    }
  }
  for (var c = 0u; c < HD4; c++) {
    k[own + c] = params.scale * d_k[c];
    v[own + c] = d_v[c];
  }
}
