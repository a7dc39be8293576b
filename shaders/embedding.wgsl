// embedding: h[n] = word[ids[n] - row_begin] + position[position_ids[n] + first_position] + token_type[token_type_ids[n]]. Only rows whose id lies in
// [row_begin, row_end) are written, and word holds just those rows, so that a table larger than a binding is gathered piece by piece.
// An id past the end of its table adds zeros: of V words, of `positions`, of `types`. Rows whose word id is in no piece are written by the first, so
// that no row is left as the arena had it.
// With PROMPT, P of an example's S rows come before its tokens: row t is prompt[t] + position[t] + token_type[0].
// Each piece of the table writes these rows, the same each time. Without it, P is 0.
//
//   binding  name            shape                     access
//   0        ids             [B, S - P]                read
//   1        position_ids    [B, S - P]                read
//   2        token_type_ids  [B, S - P]                read
//   3        word            [row_end - row_begin, C]  read, f32 or f16
//   4        position        [positions, C]            read, f32 or f16
//   5        token_type      [types, C]                read, f32 or f16
//   6        prompt          [P, C]                    read
//   7        h               [B, S, C]                 read_write
//   8        params                                    uniform
//
// C is a multiple of 4. Dispatch: B · S · C / 256, 4 elements a thread. Reference: test/reference/embedding.ts

struct Params {
  B: u32,
  S: u32,
  P: u32,
  first_position: u32,
  C: u32,
  row_begin: u32,
  row_end: u32,
  V: u32,
  positions: u32,
  types: u32,
}

@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> position_ids: array<u32>;
@group(0) @binding(2) var<storage, read> token_type_ids: array<u32>;
@group(0) @binding(3) var<storage, read> word: array<Stored_word>;
@group(0) @binding(4) var<storage, read> position: array<Stored_position>;
@group(0) @binding(5) var<storage, read> token_type: array<Stored_token_type>;
@group(0) @binding(6) var<storage, read> prompt: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> h: array<vec4f>;
@group(0) @binding(8) var<uniform> params: Params;

override PROMPT = false;

@compute @workgroup_size(64)
fn embedding(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let C4 = params.C / 4u;
  let at = linear_group(group, groups) * 64u + local;
  if (at >= params.B * params.S * C4) { return; }
  let row = at / C4;
  let c = at % C4;
  let t = row % params.S;
  if (PROMPT && t < params.P) {
    h[at] = prompt[t * C4 + c] + read_position(t * C4 + c) + read_token_type(c);
    return;
  }
  let n = row / params.S * (params.S - params.P) + t - params.P;
  let id = ids[n];
  let here = id >= params.row_begin && id < params.row_end;
  if (!here && (id < params.V || params.row_begin > 0u)) { return; }
  var sum = vec4f();
  if (here) { sum = read_word((id - params.row_begin) * C4 + c); }
  // Compared before they are added up, so that no sum wraps round to a row that there is.
  let place = position_ids[n];
  if (place < params.positions && place + params.first_position < params.positions) {
    sum += read_position((place + params.first_position) * C4 + c);
  }
  let segment = token_type_ids[n];
  if (segment < params.types) { sum += read_token_type(segment * C4 + c); }
  h[at] = sum;
}
