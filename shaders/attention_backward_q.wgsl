// attention_backward_q: d_q = scale · sum over keys of d_score · k, in place on out, one query row of one head a thread, where
//   probability = exp(scale · q·k - lse),  d_score = probability · (mask / (1 - p) · d_out·v - delta),  delta = d_out·out
// delta equals the sum over keys of probability times its gradient, with dropout too; it is kept for attention_backward_kv. With DELTA_ONLY out stays.
// Rows and keys are masked, and dropout is drawn, as in attention.
//
//   binding  name     shape           access
//   0        q        [B, T, NH, HD]  read_write, only read
//   1        k        [B, S, NH, HD]  read_write, only read
//   2        v        [B, S, NH, HD]  read_write, only read
//   3        d_out    [B, T, NH, HD]  read_write, only read
//   4        lse      [B, NH, T]      read_write, only read
//   5        delta    [B, NH, T]      read_write
//   6        lengths  [..]            read_write, only read
//   7        d_q      [B, T, NH, HD]  read_write, out on entry
//   8        params                   uniform
//   9        step                     uniform
//
// Dispatch: B · NH · T / 64. Reference: test/reference/attention.ts

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
@group(0) @binding(7) var<storage, read_write> d_q: array<vec4f>;
@group(0) @binding(8) var<uniform> params: Params;
@group(0) @binding(9) var<uniform> step: StepScalars;

override CAUSAL = false;
override CROSS = false;
override DELTA_ONLY = false;

@compute @workgroup_size(64)
fn attention_backward_q(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = linear_group(group, groups) * 64u + local;
  if (index >= params.B * params.NH * params.T) { return; }
  let T = params.T;
  let row = index % T;
  let b = index / T / params.NH;
  let head = index / T % params.NH;
  let stride = params.NH * HD4;
  let own = (b * T + row) * stride + head * HD4;
  let origin = b * params.S * stride + head * HD4;
  let drawn = (index + (step.first_example + params.first) * params.NH * T) * params.S;
  let key = random_key(step.seed, step.micro_step, params.site);
  var query: HeadVector;
  var gradient: HeadVector;
  var sum: HeadVector;
  var row_delta = 0.0;
  for (var c = 0u; c < HD4; c++) {
    query[c] = params.scale * q[own + c];
    gradient[c] = d_out[own + c];
    row_delta += dot(d_q[own + c], gradient[c]);
  }
  delta[index] = row_delta;
  if (DELTA_ONLY) { return; }
  let length = min(lengths[params.first + b], params.S - params.prefix);
  var end = select(0u, params.prefix + length, CROSS || row < length);
  if (CAUSAL) { end = min(end, params.prefix + row + 1u); }
  let row_lse = lse[index];
  // Four keys a turn, as in the forward pass.
  for (var j = 0u; j < end; j += 4u) {
    let keys = vec4u(j, j + 1u, j + 2u, j + 3u);
    let at = origin + min(keys, vec4u(end - 1u)) * stride;
    var score = vec4f();
    var d_probability = vec4f();
    for (var c = 0u; c < HD4; c++) {
      let x = query[c];
      let d = gradient[c];
      score += vec4f(dot(x, k[at.x + c]), dot(x, k[at.y + c]), dot(x, k[at.z + c]), dot(x, k[at.w + c]));
      d_probability += vec4f(dot(d, v[at.x + c]), dot(d, v[at.y + c]), dot(d, v[at.z + c]), dot(d, v[at.w + c]));
    }
    if (params.p > 0.0) { d_probability *= dropout_factor4(key, drawn + keys, params.p); }
    let probability = select(vec4f(), exp(clamp(score - row_lse, vec4f(-80.0), vec4f())), keys < vec4u(end));
    let d_score = probability * (d_probability - row_delta);
    for (var c = 0u; c < HD4; c++) {
      sum[c] += d_score.x * k[at.x + c] + d_score.y * k[at.y + c] + d_score.z * k[at.z + c] + d_score.w * k[at.w + c];
    }
  }
  for (var c = 0u; c < HD4; c++) { d_q[own + c] = params.scale * sum[c]; }
}
