// attention_backward_kv for graphics processors: a tile of ROWS keys a workgroup, eight lanes a key, queries and gradients through workgroup memory 32 at a time
// (flash/prelude.wgsl). No other workgroup reads or writes these rows of k and v. A lane holds 4 rows: HD numbers of sums and 32 of scores; at heads of more than
// 64 numbers 2 rows, and half of both.
// Workgroup memory: 9,232 bytes for 32 keys, 13,840 for 64, at any head size. Dispatch: (S / ROWS, B · NH), 8 ROWS / R threads.

const R = select(4u, 2u, HD4 > 16u);

@compute @workgroup_size(8, ROWS / R)
fn attention_backward_kv(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) id: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = id.xy;
  let threads = 8u * (ROWS / R);
  let queries = origin_of(group.y, params.T);
  let keys = origin_of(group.y, params.S);
  let start = ROWS * group.x;
  let first_row = start + lane.y * R;
  let length = length_of(group.y, local);
  let rows_end = params.prefix + length;
  let end = select(0u, select(length, params.T, CROSS), start < rows_end);
  let key = random_key(step.seed, step.micro_step, params.site);
  let drawn = ((step.first_example + params.first) * params.NH + group.y) * params.T;
  var d_k = Sums();
  var d_v = Sums();
  // With CAUSAL queries before the first key of the tile see none of it.
  for (var begin = select(0u, start - min(start, params.prefix), CAUSAL); begin < end; begin += COLUMNS) {
    var scores = Products();
    for (var chunk = 0u; chunk < HD4; chunk += CHUNK) {
      workgroupBarrier();
      for (var i = local; i < ROWS * CHUNK; i += threads) {
        rows[i / CHUNK * STRIDE + i % CHUNK] = key_at(keys, start + i / CHUNK, chunk + i % CHUNK, rows_end);
      }
      for (var i = local; i < COLUMNS * CHUNK; i += threads) {
        columns[column_at(i / CHUNK) + i % CHUNK] = query_at(queries, begin + i / CHUNK, chunk + i % CHUNK, end);
      }
      workgroupBarrier();
      multiply_rows(&scores, lane);
    }
    var d_scores = Products();
    for (var chunk = 0u; chunk < HD4; chunk += CHUNK) {
      workgroupBarrier();
      for (var i = local; i < ROWS * CHUNK; i += threads) {
        rows[i / CHUNK * STRIDE + i % CHUNK] = value_at(keys, start + i / CHUNK, chunk + i % CHUNK, rows_end);
      }
      for (var i = local; i < COLUMNS * CHUNK; i += threads) {
        columns[column_at(i / CHUNK) + i % CHUNK] = gradient_at(queries, begin + i / CHUNK, chunk + i % CHUNK, end);
      }
      workgroupBarrier();
      multiply_rows(&d_scores, lane);
    }
    let column = begin + lane.x * 4u + vec4u(0u, 1u, 2u, 3u);
    let held = group.y * params.T + min(column, vec4u(end - 1u));
    let row_lse = vec4f(lse[held.x], lse[held.y], lse[held.z], lse[held.w]);
    let row_delta = vec4f(delta[held.x], delta[held.y], delta[held.z], delta[held.w]);
    for (var i = 0u; i < R; i++) {
      let row = first_row + i;
      var sees = column < vec4u(select(0u, end, row < rows_end));
      if (CAUSAL) { sees = sees & (column + params.prefix >= vec4u(row)); }
      var factor = vec4f(1.0);
      if (params.p > 0.0) { factor = dropout_factor4(key, (drawn + column) * params.S + row, params.p); }
      let probability = select(vec4f(), exp(clamp(scores[i] - row_lse, vec4f(-80.0), vec4f())), sees);
      scores[i] = factor * probability;
      d_scores[i] = probability * (factor * d_scores[i] - row_delta);
    }
    let most = min(COLUMNS, end - begin);
    workgroupBarrier();
    keep_weights(scores, lane);
    for (var first = 0u; first < most; first += GROUP) {
      if (first > 0u) { workgroupBarrier(); }
      for (var i = local; i < GROUP * HD4; i += threads) {
        columns[i] = gradient_at(queries, begin + first + i / HD4, i % HD4, end);
      }
      workgroupBarrier();
      add_columns(&d_v, first, lane);
    }
    workgroupBarrier();
    keep_weights(d_scores, lane);
    for (var first = 0u; first < most; first += GROUP) {
      if (first > 0u) { workgroupBarrier(); }
      for (var i = local; i < GROUP * HD4; i += threads) {
        columns[i] = query_at(queries, begin + first + i / HD4, i % HD4, end);
      }
      workgroupBarrier();
      add_columns(&d_k, first, lane);
    }
  }
  for (var i = 0u; i < R; i++) {
    if (first_row + i < params.S) {
      let own = keys + (first_row + i) * params.NH * HD4;
      for (var n = 0u; n < SHARE; n++) {
        let c = n * 8u + lane.x;
        if (c < HD4) {
          k[own + c] = d_k[i][n];
          v[own + c] = d_v[i][n];
        }
      }
    }
  }
}

fn gradient_at(origin: u32, row: u32, c: u32, end: u32) -> vec4f {
  if (row >= end || c >= HD4) { return vec4f(); }
  return d_out[origin + row * params.NH * HD4 + c];
}
