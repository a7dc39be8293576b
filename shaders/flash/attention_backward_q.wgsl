// attention_backward_q for graphics processors: a tile of ROWS queries a workgroup, eight lanes a query, keys and values through workgroup memory 32 at a time
// (flash/prelude.wgsl). A lane holds 4 rows: HD / 2 numbers of sums and 32 of scores; at heads of more than 64 numbers 2 rows, and half of both.
// Workgroup memory: 9,232 bytes for 32 queries, 13,840 for 64, at any head size. Dispatch: (T / ROWS, B · NH), 8 ROWS / R threads.

const R = select(4u, 2u, HD4 > 16u);

@compute @workgroup_size(8, ROWS / R)
fn attention_backward_q(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = id.xy;
  let threads = 8u * (ROWS / R);
  let queries = origin_of(group.y, params.T);
  let keys = origin_of(group.y, params.S);
  // With CAUSAL the last queries have the most keys: they begin first.
  let start = ROWS * select(group.x, groups.x - 1u - group.x, CAUSAL);
  let first_row = start + lane.y * R;
  // delta: each lane its part of the head, then the eight parts in order.
  for (var i = 0u; i < R; i++) {
    let row = first_row + i;
    var part = vec4f();
    if (row < params.T) {
      for (var c = lane.x; c < HD4; c += 8u) { part += d_q[queries + row * params.NH * HD4 + c] * gradient_at(queries, row, c, params.T); }
    }
    rows[(lane.y * R + i) * STRIDE + lane.x] = part;
  }
  workgroupBarrier();
  var row_delta: array<f32, R>;
  for (var i = 0u; i < R; i++) {
    var whole = vec4f();
    for (var n = 0u; n < 8u; n++) { whole += rows[(lane.y * R + i) * STRIDE + n]; }
    row_delta[i] = whole.x + whole.y + whole.z + whole.w;
    if (lane.x == 0u && first_row + i < params.T) { delta[group.y * params.T + first_row + i] = row_delta[i]; }
  }
  if (DELTA_ONLY) { return; }
  let length = length_of(group.y, local);
  let rows_end = select(length, params.T, CROSS);
  var end = select(0u, params.prefix + length, start < rows_end);
  if (CAUSAL) { end = min(end, params.prefix + start + ROWS); }
  let key = random_key(step.seed, step.micro_step, params.site);
  let drawn = ((step.first_example + params.first) * params.NH + group.y) * params.T;
  var sums = Sums();
  for (var begin = 0u; begin < end; begin += COLUMNS) {
    var scores = Products();
    for (var chunk = 0u; chunk < HD4; chunk += CHUNK) {
      workgroupBarrier();
      for (var i = local; i < ROWS * CHUNK; i += threads) {
        rows[i / CHUNK * STRIDE + i % CHUNK] = query_at(queries, start + i / CHUNK, chunk + i % CHUNK, params.T);
      }
      for (var i = local; i < COLUMNS * CHUNK; i += threads) {
        columns[column_at(i / CHUNK) + i % CHUNK] = key_at(keys, begin + i / CHUNK, chunk + i % CHUNK, end);
      }
      workgroupBarrier();
      multiply_rows(&scores, lane);
    }
    var d_probabilities = Products();
    for (var chunk = 0u; chunk < HD4; chunk += CHUNK) {
      workgroupBarrier();
      for (var i = local; i < ROWS * CHUNK; i += threads) {
        rows[i / CHUNK * STRIDE + i % CHUNK] = gradient_at(queries, start + i / CHUNK, chunk + i % CHUNK, params.T);
      }
      for (var i = local; i < COLUMNS * CHUNK; i += threads) {
        columns[column_at(i / CHUNK) + i % CHUNK] = value_at(keys, begin + i / CHUNK, chunk + i % CHUNK, end);
      }
      workgroupBarrier();
      multiply_rows(&d_probabilities, lane);
    }
    let column = begin + lane.x * 4u + vec4u(0u, 1u, 2u, 3u);
    for (var i = 0u; i < R; i++) {
      let row = first_row + i;
      var row_end = select(0u, params.prefix + length, row < rows_end);
      if (CAUSAL) { row_end = min(row_end, params.prefix + row + 1u); }
      let row_lse = lse[group.y * params.T + min(row, params.T - 1u)];
      var d_probability = d_probabilities[i];
      if (params.p > 0.0) { d_probability *= dropout_factor4(key, (drawn + row) * params.S + column, params.p); }
      let probability = select(vec4f(), exp(clamp(scores[i] - row_lse, vec4f(-80.0), vec4f())), column < vec4u(row_end));
      scores[i] = probability * (d_probability - row_delta[i]);
    }
    workgroupBarrier();
    keep_weights(scores, lane);
    for (var first = 0u; first < min(COLUMNS, end - begin); first += GROUP) {
      if (first > 0u) { workgroupBarrier(); }
      for (var i = local; i < GROUP * HD4; i += threads) {
        columns[i] = key_at(keys, begin + first + i / HD4, i % HD4, end);
      }
      workgroupBarrier();
      add_columns(&sums, first, lane);
    }
  }
  for (var i = 0u; i < R; i++) {
    if (first_row + i < params.T) {
      let own = queries + (first_row + i) * params.NH * HD4;
      for (var n = 0u; n < SHARE; n++) {
        let c = n * 8u + lane.x;
        if (c < HD4) { d_q[own + c] = params.scale * sums[i][n]; }
      }
    }
  }
}

fn gradient_at(origin: u32, row: u32, c: u32, end: u32) -> vec4f {
  if (row >= end || c >= HD4) { return vec4f(); }
  return d_out[origin + row * params.NH * HD4 + c];
}
