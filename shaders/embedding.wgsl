// embedding: h[n] = table[ids[n] + shift], or h[n] += that with ACCUMULATE. The rows of the table whose numbers are [row_begin, row_end) are here, so that a
// table larger than a binding is gathered range by range: each writes the tokens whose row it holds.
// An id past the end of the table adds zeros: where the table is the first to be read, its first range writes them, so that no row is left as the arena
// had it. Ids are compared before they are added to, so that no sum wraps round to a row that there is.
// P of an example's S rows may stand before its tokens. They have no ids: row t of them reads table[before + step · t], with ACCUMULATE alone.
//
//   binding  name    shape                     access
//   0        ids     [B, S - P]                read
//   1        table   [row_end - row_begin, C]  read, f32 or f16
//   2        h       [B, S, C]                 read_write
//   3        params                            uniform
//
// C is a multiple of 4. Dispatch: B · S · C / 256, 4 elements a thread. Reference: test/reference/embedding.ts

struct Params {
  B: u32,
  S: u32,
  P: u32,
  C: u32,
  row_begin: u32,
  row_end: u32,
  rows: u32,
  shift: u32,
  before: u32,
  step: u32,
}

@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> table: array<Stored_table>;
@group(0) @binding(2) var<storage, read_write> h: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

override ACCUMULATE = false;

@compute @workgroup_size(64)
fn embedding(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let C4 = params.C / 4u;
  let at = linear_group(group, groups) * 64u + local;
  if (at >= params.B * params.S * C4) { return; }
  let n = at / C4;
  let c = at % C4;
  let t = n % params.S;
  var row = params.before + params.step * t;
  var known = true;
  if (t >= params.P) {
    let id = ids[n / params.S * (params.S - params.P) + t - params.P];
    known = id < params.rows && id + params.shift < params.rows;
    row = id + params.shift;
  }
  let here = known && row >= params.row_begin && row < params.row_end;
  if (ACCUMULATE) {
    if (here) { h[at] += read_table((row - params.row_begin) * C4 + c); }
  } else if (here) {
    h[at] = read_table((row - params.row_begin) * C4 + c);
  } else if (!known && params.row_begin == 0u) {
    h[at] = vec4f();
  }
}
