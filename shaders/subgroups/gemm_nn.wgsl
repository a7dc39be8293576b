// gemm_nn where subgroups have 4 or 8 lanes, that is on software drivers: the same tile and bits as ../gemm_nn.wgsl. Four lanes load
// a row of d_y each and hand it to the others, as in gemm_nt. Dispatch: (K / 32, M / 64), a thread makes 8 rows by 4 columns.

alias Element = vec4f;

@compute @workgroup_size(8, 8)
fn gemm_nn(@builtin(global_invocation_id) id: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let column4 = id.x;
  let row = id.y * 8u;
  let K4 = params.K / 4u;
  // All lanes of a subgroup have the same row. Columns past the end repeat the last one: a lane leaves with the others or not at all.
  if (row >= params.M) { return; }
  let last = params.M - 1u;
  let first = params.column / 4u;
  let y0 = min(row + lane % 4u, last) * (params.width / 4u) + first;
  let y1 = min(row + 4u + lane % 4u, last) * (params.width / 4u) + first;
  var at = min(column4, K4 - 1u);
  // Rows of w past the end repeat the last one, by zeros of d_y.
  let end = at + (params.N - 1u) * K4;
  var s: array<vec4f, 8>;
  for (var n = 0u; n * 4u < params.N; n++) {
    let upper = d_y[y0 + n];
    let lower = d_y[y1 + n];
    let b0 = read_w(at);
    let b1 = read_w(min(at + K4, end));
    let b2 = read_w(min(at + 2u * K4, end));
    let b3 = read_w(min(at + 3u * K4, end));
    s[0] += subgroupBroadcast(upper.x, 0u) * b0;
    s[1] += subgroupBroadcast(upper.x, 1u) * b0;
    s[2] += subgroupBroadcast(upper.x, 2u) * b0;
    s[3] += subgroupBroadcast(upper.x, 3u) * b0;
    s[4] += subgroupBroadcast(lower.x, 0u) * b0;
    s[5] += subgroupBroadcast(lower.x, 1u) * b0;
    s[6] += subgroupBroadcast(lower.x, 2u) * b0;
    s[7] += subgroupBroadcast(lower.x, 3u) * b0;
    s[0] += subgroupBroadcast(upper.y, 0u) * b1;
    s[1] += subgroupBroadcast(upper.y, 1u) * b1;
    s[2] += subgroupBroadcast(upper.y, 2u) * b1;
    s[3] += subgroupBroadcast(upper.y, 3u) * b1;
    s[4] += subgroupBroadcast(lower.y, 0u) * b1;
    s[5] += subgroupBroadcast(lower.y, 1u) * b1;
    s[6] += subgroupBroadcast(lower.y, 2u) * b1;
    s[7] += subgroupBroadcast(lower.y, 3u) * b1;
    s[0] += subgroupBroadcast(upper.z, 0u) * b2;
    s[1] += subgroupBroadcast(upper.z, 1u) * b2;
    s[2] += subgroupBroadcast(upper.z, 2u) * b2;
    s[3] += subgroupBroadcast(upper.z, 3u) * b2;
    s[4] += subgroupBroadcast(lower.z, 0u) * b2;
    s[5] += subgroupBroadcast(lower.z, 1u) * b2;
    s[6] += subgroupBroadcast(lower.z, 2u) * b2;
    s[7] += subgroupBroadcast(lower.z, 3u) * b2;
    s[0] += subgroupBroadcast(upper.w, 0u) * b3;
    s[1] += subgroupBroadcast(upper.w, 1u) * b3;
    s[2] += subgroupBroadcast(upper.w, 2u) * b3;
    s[3] += subgroupBroadcast(upper.w, 3u) * b3;
    s[4] += subgroupBroadcast(lower.w, 0u) * b3;
    s[5] += subgroupBroadcast(lower.w, 1u) * b3;
    s[6] += subgroupBroadcast(lower.w, 2u) * b3;
    s[7] += subgroupBroadcast(lower.w, 3u) * b3;
    at += 4u * K4;
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
