// attention for graphics processors: a tile of ROWS queries a workgroup, eight lanes a query, keys and values through workgroup memory 32 at a time, with the
// running maximum and sum of each query in registers (flash/prelude.wgsl). A lane holds HD / 2 numbers of sums and 16 scores.
// Workgroup memory: 10,256 bytes for 32 queries, 15,888 for 64, at any head size. Dispatch: (T / ROWS, B · NH), ROWS · 2 threads.

const R = 4u;

// Of each lane, for its four queries: the highest score of a turn, and in the end its share of the sum.
var<workgroup> by_lane: array<vec4f, ROWS * 2u>;

@compute @workgroup_size(8, ROWS / R)
fn attention(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = id.xy;
  let queries = origin_of(group.y, params.T);
  let keys = origin_of(group.y, params.S);
  // With CAUSAL the last queries have the most keys: they begin first.
  let start = ROWS * select(group.x, groups.x - 1u - group.x, CAUSAL);
  let length = length_of(group.y, local);
  var end = select(0u, params.prefix + length, CROSS || start < length);
  if (CAUSAL) { end = min(end, params.prefix + start + ROWS); }
  let row = start + lane.y * R + vec4u(0u, 1u, 2u, 3u);
  var ends = select(vec4u(), vec4u(params.prefix + length), row < vec4u(select(length, params.T, CROSS)));
  if (CAUSAL) { ends = min(ends, params.prefix + row + 1u); }
  let key = random_key(step.seed, step.micro_step, params.site);
  let drawn = (((step.first_example + params.first) * params.NH + group.y) * params.T + row) * params.S;
  var sums = Sums();
  var top = vec4f(-1e30);
  var total = vec4f();
  for (var begin = 0u; begin < end; begin += COLUMNS) {
    var products = Products();
    for (var chunk = 0u; chunk < HD4; chunk += CHUNK) {
      workgroupBarrier();
      for (var i = local; i < ROWS * CHUNK; i += ROWS * 2u) {
        rows[i / CHUNK * STRIDE + i % CHUNK] = query_at(queries, start + i / CHUNK, chunk + i % CHUNK, params.T);
      }
      for (var i = local; i < COLUMNS * CHUNK; i += ROWS * 2u) {
        columns[column_at(i / CHUNK) + i % CHUNK] = key_at(keys, begin + i / CHUNK, chunk + i % CHUNK, end);
      }
      workgroupBarrier();
      multiply_rows(&products, lane);
    }
    let column = begin + lane.x * 4u + vec4u(0u, 1u, 2u, 3u);
    var highest = vec4f();
    for (var i = 0u; i < R; i++) {
      let score = select(vec4f(-1e30), products[i], column < vec4u(ends[i]));
      products[i] = score;
      highest[i] = max(max(score.x, score.y), max(score.z, score.w));
    }
    by_lane[lane.y * 8u + lane.x] = highest;
    workgroupBarrier();
    var higher = top;
    for (var i = 0u; i < 8u; i++) { higher = max(higher, by_lane[lane.y * 8u + i]); }
    // -80: what is dropped is below the last bit, and exp never sees the start value.
    let shrink = exp(max(top - higher, vec4f(-80.0)));
    top = higher;
    for (var i = 0u; i < R; i++) {
      let weight = select(vec4f(), exp(max(products[i] - higher[i], vec4f(-80.0))), column < vec4u(ends[i]));
      total[i] = total[i] * shrink[i] + (weight.x + weight.y + weight.z + weight.w);
      products[i] = weight;
      if (params.p > 0.0) { products[i] *= dropout_factor4(key, drawn[i] + column, params.p); }
      for (var n = 0u; n < SHARE; n++) { sums[i][n] *= shrink[i]; }
    }
    keep_weights(products, lane);
    for (var first = 0u; first < min(COLUMNS, end - begin); first += GROUP) {
      if (first > 0u) { workgroupBarrier(); }
      for (var i = local; i < GROUP * HD4; i += ROWS * 2u) {
        columns[i] = value_at(keys, begin + first + i / HD4, i % HD4, end);
      }
      workgroupBarrier();
      add_columns(&sums, first, lane);
    }
  }
  workgroupBarrier();
  by_lane[lane.y * 8u + lane.x] = total;
  workgroupBarrier();
  total = vec4f();
  for (var i = 0u; i < 8u; i++) { total += by_lane[lane.y * 8u + i]; }
  let share = select(vec4f(), 1.0 / max(total, vec4f(1e-30)), ends > vec4u());
  let log_sum = select(vec4f(), top + log(max(total, vec4f(1e-30))), ends > vec4u());
  for (var i = 0u; i < R; i++) {
    if (row[i] < params.T) {
      let own = queries + row[i] * params.NH * HD4;
      for (var n = 0u; n < SHARE; n++) {
        let c = n * 8u + lane.x;
        if (c < HD4) { out[own + c] = share[i] * sums[i][n]; }
      }
      if (lane.x == 0u) { lse[group.y * params.T + row[i]] = log_sum[i]; }
    }
  }
}
