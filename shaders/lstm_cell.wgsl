// lstm_cell: c' = σ(f) ∘ c + σ(i) ∘ tanh(g), h' = σ(o) ∘ tanh(c'), an element at a time.
//
//   binding  name    shape    access
//   0        gates   [N, 4H]  read_write; arguments i, f, g, o on entry, where KEEP their values on return
//   1        c       [N, H]   read_write, only read
//   2        h_next  [N, H]   read_write
//   3        c_next  [N, H]   read_write
//   4        params           uniform
//
// Dispatch: N · H / 256, 4 elements a thread. Reference: test/reference/recurrent.ts

struct Params {
  N: u32,
  H: u32,
}

@group(0) @binding(0) var<storage, read_write> gates: array<f32>;
@group(0) @binding(1) var<storage, read_write> c: array<f32>;
@group(0) @binding(2) var<storage, read_write> h_next: array<f32>;
@group(0) @binding(3) var<storage, read_write> c_next: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

override KEEP = false;

@compute @workgroup_size(64)
fn lstm_cell(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let H = params.H;
  let first = linear_group(group, groups) * 256u + local;
  let end = min(first + 256u, params.N * H);
  for (var e = first; e < end; e += 64u) {
    let at_i = e / H * 4u * H + e % H;
    let at_f = at_i + H;
    let at_g = at_f + H;
    let at_o = at_g + H;
    let i = sigmoid(gates[at_i]);
    let f = sigmoid(gates[at_f]);
    let o = sigmoid(gates[at_o]);
    let g = tanh4(vec4f(gates[at_g])).x;
    let next = f * c[e] + i * g;
    c_next[e] = next;
    h_next[e] = o * tanh4(vec4f(next)).x;
    if (KEEP) {
      gates[at_i] = i;
      gates[at_f] = f;
      gates[at_g] = g;
      gates[at_o] = o;
    }
  }
}
