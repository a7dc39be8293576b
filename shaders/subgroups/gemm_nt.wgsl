// gemm_nt where subgroups have 4 or 8 lanes, that is on software drivers: the same bindings, tile and bits as ../gemm_nt.wgsl. Lanes lie along
// the columns and need the same rows of x: four of them load a row each and hand it to the others, since such a driver takes some hundred
// instructions to load a number and two to hand it on. Dispatch: (N / 32, M / 32), a thread makes 8 rows by 4 columns.

struct Params {
  M: u32,
  K: u32,
  N: u32,
  width: u32,
  column: u32,
  alpha: f32,
  first: u32,
  example: u32,
  site: u32,
  p: f32,
}

@group(0) @binding(0) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<Stored_w>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> pre: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;
@group(0) @binding(6) var<uniform> step: StepScalars;

override BIAS = false;
override ACTIVATION = 0u;
override KEEP_PRE = 0u;
override ACCUMULATE = false;
override DROPOUT = false;

fn put(row: u32, column4: u32, sum: vec4f) {
  if (row >= params.M || column4 * 4u >= params.N) { return; }
  let at = row * (params.width / 4u) + params.column / 4u + column4;
  let columns = column4 * 4u + vec4u(0u, 1u, 2u, 3u);
  let held = min(columns, vec4u(params.N - 1u));
  let inside = columns == held;
  var y = params.alpha * sum;
  if (BIAS) {
    let b = params.column + held;
    y += vec4f(bias[b.x], bias[b.y], bias[b.z], bias[b.w]);
  }
  if (KEEP_PRE == 1u) { pre[at] = select(vec4f(), y, inside); }
  y = activate(ACTIVATION, y);
  if (KEEP_PRE == 2u) { pre[at] = select(vec4f(), y, inside); }
  if (DROPOUT) { y *= dropout_epilogue(step, params.first, params.example, params.site, params.p, at * 4u); }
  if (ACCUMULATE) { y += out[at]; }
  out[at] = select(vec4f(), y, inside);
}

@compute @workgroup_size(8, 4)
fn gemm_nt(@builtin(global_invocation_id) id: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let column4 = id.x;
  let row = id.y * 8u;
  let K4 = params.K / 4u;
  // All lanes of a subgroup have the same row. Columns past the end repeat the last one: a lane leaves with the others or not at all.
  if (row >= params.M) { return; }
  let last = params.M - 1u;
  let x0 = min(row + lane % 4u, last) * K4;
  let x1 = min(row + 4u + lane % 4u, last) * K4;
  let columns = min(column4 * 4u + vec4u(0u, 1u, 2u, 3u), vec4u(params.N - 1u)) * K4;
  var s: array<vec4f, 8>;
  for (var k = 0u; k < K4; k++) {
    let upper = x[x0 + k];
    let lower = x[x1 + k];
    let b = mat4x4f(read_w(columns.x + k), read_w(columns.y + k), read_w(columns.z + k), read_w(columns.w + k));
    s[0] += products(subgroupBroadcast(upper, 0u), b);
    s[1] += products(subgroupBroadcast(upper, 1u), b);
    s[2] += products(subgroupBroadcast(upper, 2u), b);
    s[3] += products(subgroupBroadcast(upper, 3u), b);
    s[4] += products(subgroupBroadcast(lower, 0u), b);
    s[5] += products(subgroupBroadcast(lower, 1u), b);
    s[6] += products(subgroupBroadcast(lower, 2u), b);
    s[7] += products(subgroupBroadcast(lower, 3u), b);
  }
  put(row, column4, s[0]);
  put(row + 1u, column4, s[1]);
  put(row + 2u, column4, s[2]);
  put(row + 3u, column4, s[3]);
  put(row + 4u, column4, s[4]);
  put(row + 5u, column4, s[5]);
  put(row + 6u, column4, s[6]);
  put(row + 7u, column4, s[7]);
}

fn products(a: vec4f, b: mat4x4f) -> vec4f {
  return vec4f(dot(a, b[0]), dot(a, b[1]), dot(a, b[2]), dot(a, b[3]));
}
