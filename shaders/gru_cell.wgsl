// gru_cell: h' = (1 - z) ∘ n + z ∘ h with r = σ(gi_r + gh_r), z = σ(gi_z + gh_z), n = tanh(gi_n + r ∘ gh_n), an element at a time.
//
//   binding  name      shape    access
//   0        gi        [N, 3H]  read_write; r, z, n on return where KEEP
//   1        gh        [N, 3H]  read_write, only read
//   2        h         [N, H]   read_write, only read
//   3        h_next    [N, H]   read_write
//   4        hidden_n  [N, H]   read_write, where KEEP: gh_n
//   5        params             uniform
//
// Dispatch: N · H / 256, 4 elements a thread. Reference: test/reference/recurrent.ts

struct Params {
  N: u32,
  H: u32,
}

@group(0) @binding(0) var<storage, read_write> gi: array<f32>;
@group(0) @binding(1) var<storage, read_write> gh: array<f32>;
@group(0) @binding(2) var<storage, read_write> h: array<f32>;
@group(0) @binding(3) var<storage, read_write> h_next: array<f32>;
@group(0) @binding(4) var<storage, read_write> hidden_n: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

override KEEP = false;

@compute @workgroup_size(64)
fn gru_cell(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let H = params.H;
  let first = linear_group(group, groups) * 256u + local;
  let end = min(first + 256u, params.N * H);
  for (var i = first; i < end; i += 64u) {
    let at_r = i / H * 3u * H + i % H;
    let at_z = at_r + H;
    let at_n = at_z + H;
    let r = sigmoid(gi[at_r] + gh[at_r]);
    let z = sigmoid(gi[at_z] + gh[at_z]);
    let own = gh[at_n];
    let n = tanh4(vec4f(gi[at_n] + r * own)).x;
    h_next[i] = (1.0 - z) * n + z * h[i];
    if (KEEP) {
      gi[at_r] = r;
      gi[at_z] = z;
      gi[at_n] = n;
      hidden_n[i] = own;
    }
  }
}
