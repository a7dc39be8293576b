// gemm_nt where subgroups have 4 or 8 lanes, that is on software drivers: the same tile and bits as ../gemm_nt.wgsl. Lanes lie along
// the columns and need the same rows of x: four of them load a row each and hand it to the others, since such a driver takes some hundred
// instructions to load a number and two to hand it on. Dispatch: (N / 32, M / 32), a thread makes 8 rows by 4 columns.

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
