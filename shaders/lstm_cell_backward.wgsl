// lstm_cell_backward: from the gradients of h' and c', with t = tanh(c') and d = d_c' + d_h' ∘ o ∘ (1 - t²),
//   d_i = d ∘ g ∘ i ∘ (1 - i)   d_f = d ∘ c ∘ f ∘ (1 - f)   d_g = d ∘ i ∘ (1 - g²)   d_o = d_h' ∘ t ∘ o ∘ (1 - o)   d_c = d ∘ f.
//
//   binding  name    shape    access
//   0        d_h     [N, H]   read_write, only read: d_h'
//   1        d_c     [N, H]   read_write, d_c' on entry, d_c on return
//   2        gates   [N, 4H]  read_write; i, f, g, o on entry, their gradients on return
//   3        c       [N, H]   read_write, only read
//   4        c_next  [N, H]   read_write, only read
//   5        params           uniform
//
// Dispatch: N · H / 256, 4 elements a thread. Reference: test/reference/recurrent.ts

struct Params {
  N: u32,
  H: u32,
}

@group(0) @binding(0) var<storage, read_write> d_h: array<f32>;
@group(0) @binding(1) var<storage, read_write> d_c: array<f32>;
@group(0) @binding(2) var<storage, read_write> gates: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<storage, read_write> c_next: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn lstm_cell_backward(
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
    let i = gates[at_i];
    let f = gates[at_f];
    let g = gates[at_g];
    let o = gates[at_o];
    let t = tanh4(vec4f(c_next[e])).x;
    let d = d_c[e] + d_h[e] * o * (1.0 - t * t);
    gates[at_i] = d * g * i * (1.0 - i);
    gates[at_f] = d * c[e] * f * (1.0 - f);
    gates[at_g] = d * i * (1.0 - g * g);
    gates[at_o] = d_h[e] * t * o * (1.0 - o);
    d_c[e] = d * f;
  }
}
