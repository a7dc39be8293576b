// attention: out = dropout(softmax(scale · q kᵀ + mask)) v, one query row of one head a thread, with the running maximum and sum of
// Milakov & Gimelshein (arXiv:1805.02867), so that no [T, T] tensor exists. lse = log of the sum of exp of the scaled scores, for the
// backward pass. Example b here is example first + b of the slice of a batch that lengths are of. The S keys are `prefix` that every
// query sees, and then those of tokens, of which those at or past lengths[first + b] are masked. Without CROSS these are the tokens of the
// queries, S - prefix = T: query rows at or past the length give zeros, and CAUSAL masks the keys after a query. With CROSS they are other tokens
// than the queries', whose lengths are not known here: every query row is worked out, and no number of one enters another.
// The element of the dropout mask is (((first_example + first + b) · NH + head) · T + row) · S + key, for the slice begins at example `first_example`.
//
//   binding  name     shape           access
//   0        q        [B, T, NH, HD]  read_write, only read
//   1        k        [B, S, NH, HD]  read_write, only read
//   2        v        [B, S, NH, HD]  read_write, only read
//   3        lengths  [..]            read_write, only read
//   4        out      [B, T, NH, HD]  read_write
//   5        lse      [B, NH, T]      read_write
//   6        params                   uniform
//   7        step                     uniform
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
@group(0) @binding(3) var<storage, read_write> lengths: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> lse: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;
@group(0) @binding(7) var<uniform> step: StepScalars;

override CAUSAL = false;
override CROSS = false;

@compute @workgroup_size(64)
fn attention(
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
  var sum: HeadVector;
  for (var c = 0u; c < HD4; c++) { query[c] = params.scale * q[own + c]; }
  let length = min(lengths[params.first + b], params.S - params.prefix);
  var end = select(0u, params.prefix + length, CROSS || row < length);
  if (CAUSAL) { end = min(end, params.prefix + row + 1u); }
  var top = -1e30;
  var total = 0.0;
  // Four keys a turn: what is read of the query and the sum serves all four. Keys past the end repeat the last one and weigh nothing.
  for (var j = 0u; j < end; j += 4u) {
    let keys = vec4u(j, j + 1u, j + 2u, j + 3u);
    let valid = keys < vec4u(end);
    let at = origin + min(keys, vec4u(end - 1u)) * stride;
    var score = vec4f();
    for (var c = 0u; c < HD4; c++) {
      let x = query[c];
      score += vec4f(dot(x, k[at.x + c]), dot(x, k[at.y + c]), dot(x, k[at.z + c]), dot(x, k[at.w + c]));
    }
    score = select(vec4f(-1e30), score, valid);
    let higher = max(top, max(max(score.x, score.y), max(score.z, score.w)));
    // -80: what is dropped is below the last bit, and exp never sees the start value.
    let shrink = exp(max(top - higher, -80.0));
    let weight = select(vec4f(), exp(max(score - higher, vec4f(-80.0))), valid);
    top = higher;
    total = total * shrink + (weight.x + weight.y + weight.z + weight.w);
    var kept = weight;
    if (params.p > 0.0) { kept *= dropout_factor4(key, drawn + keys, params.p); }
    for (var c = 0u; c < HD4; c++) {
      sum[c] = sum[c] * shrink + kept.x * v[at.x + c] + kept.y * v[at.y + c] + kept.z * v[at.z + c] + kept.w * v[at.w + c];
    }
  }
  let share = select(0.0, 1.0 / max(total, 1e-30), end > 0u);
  for (var c = 0u; c < HD4; c++) { out[own + c] = share * sum[c]; }
  lse[index] = select(0.0, top + log(max(total, 1e-30)), end > 0u);
}
