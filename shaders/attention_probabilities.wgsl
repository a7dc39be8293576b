// attention_probabilities: p = mean over the heads of exp(scale · q kᵀ - lse), without dropout; 0 for queries and keys at or past
// lengths[first + b], with CAUSAL also for keys after the query. A thread makes 4 keys of one query.
//
//   binding  name     shape           access
//   0        q        [B, T, NH, HD]  read_write, only read
//   1        k        [B, T, NH, HD]  read_write, only read
//   2        lse      [B, NH, T]      read_write, only read
//   3        lengths  [first + B]     read
//   4        p        [B, T, T]       read_write
//   5        params                   uniform
//
// Dispatch: (T / 32, B · T / 8). Reference: test/reference/attention_mix.ts

struct Params {
  B: u32,
  T: u32,
  NH: u32,
  first: u32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read_write> q: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> k: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> lse: array<f32>;
@group(0) @binding(3) var<storage, read> lengths: array<u32>;
@group(0) @binding(4) var<storage, read_write> p: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

override CAUSAL = false;

@compute @workgroup_size(8, 8)
fn attention_probabilities(@builtin(global_invocation_id) id: vec3u) {
  let T = params.T;
  let row = id.y;
  let j = id.x * 4u;
  if (j >= T || row >= params.B * T) { return; }
  let b = row / T;
  let length = min(lengths[params.first + b], T);
  let keys = vec4u(j, j + 1u, j + 2u, j + 3u);
  let end = select(length, min(length, row % T + 1u), CAUSAL);
  let valid = (keys < vec4u(end)) & vec4<bool>(row % T < length);
  let stride = params.NH * HD4;
  // Keys past the end repeat the last one and weigh nothing.
  let at = (b * T + min(keys, vec4u(T - 1u))) * stride;
  var sum = vec4f();
  for (var head = 0u; head < params.NH; head++) {
    var score = vec4f();
    for (var c = head * HD4; c < (head + 1u) * HD4; c++) {
      let x = q[row * stride + c];
      score += vec4f(dot(x, k[at.x + c]), dot(x, k[at.y + c]), dot(x, k[at.z + c]), dot(x, k[at.w + c]));
    }
    sum += exp(clamp(params.scale * score - lse[(b * params.NH + head) * T + row % T], vec4f(-80.0), vec4f()));
  }
  let probability = select(vec4f(), sum / f32(params.NH), valid);
  let own = row * T + j;
  for (var i = 0u; i < min(4u, T - j); i++) { p[own + i] = probability[i]; }
}
