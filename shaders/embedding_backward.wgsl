// embedding_backward: d_table[ids[n] + shift - row_begin] += sum of d_h over the tokens with that id, for rows in [row_begin, row_end). chain[n] is
// the index of the next token with the same id + 1 (0 at the end), with the top bit set where n is the first of them: one thread sums a
// chain in its order, by blocks of the T tokens of an example (prelude). An id past the end of the table is in no piece, and adds to none.
//
//   binding  name     shape                     access
//   0        ids      [N]                       read
//   1        chain    [N]                       read
//   2        d_h      [N, C]                    read_write, only read
//   3        d_table  [row_end - row_begin, C]  read_write
//   4        params                             uniform
//
// C is a multiple of 4. Dispatch: N · C / 256, 4 elements a thread. Reference: test/reference/embedding.ts

struct Params {
  N: u32,
  C: u32,
  T: u32,
  row_begin: u32,
  row_end: u32,
  rows: u32,
  shift: u32,
}

@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> chain: array<u32>;
@group(0) @binding(2) var<storage, read_write> d_h: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> d_table: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

// The number of the block that token n is in.
fn block_of(n: u32) -> u32 {
  let blocks = (params.T + BLOCK - 1u) / BLOCK;
  return n / params.T * blocks + n % params.T / BLOCK;
}

@compute @workgroup_size(64)
fn embedding_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let C4 = params.C / 4u;
  let at = linear_group(group, groups) * 64u + local;
  if (at >= params.N * C4) { return; }
  let n = at / C4;
  let c = at % C4;
  let id = ids[n];
  if ((chain[n] & 0x80000000u) == 0u || id >= params.rows) { return; }
  let row = id + params.shift;
  if (row < params.row_begin || row >= params.row_end) { return; }
  let out = (row - params.row_begin) * C4 + c;
  var sum = d_table[out];
  var block_sum = d_h[at];
  var open = block_of(n);
  var next = chain[n] & 0x7fffffffu;
  while (next != 0u) {
    let token = next - 1u;
    if (block_of(token) != open) {
      open = block_of(token);
      sum += block_sum;
      block_sum = vec4f();
    }
    block_sum += d_h[token * C4 + c];
    next = chain[token] & 0x7fffffffu;
  }
  d_table[out] = sum + block_sum;
}
