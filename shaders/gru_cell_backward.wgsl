// gru_cell_backward: from d, the gradient of h' = (1 - z) ∘ n + z ∘ h,
//   d_n = d ∘ (1 - z) ∘ (1 - n²)   d_z = d ∘ (h - n) ∘ z ∘ (1 - z)   d_r = d_n ∘ gh_n ∘ r ∘ (1 - r)
//   d_gi = [d_r, d_z, d_n]         d_gh = [d_r, d_z, d_n ∘ r]        d_h = d ∘ z, the part that does not go through gh.
//
//   binding  name      shape    access
//   0        d_h       [N, H]   read_write, d on entry, d_h on return
//   1        gates     [N, 3H]  read_write; r, z, n on entry, d_gi on return
//   2        hidden_n  [N, H]   read_write, only read: gh_n
//   3        h         [N, H]   read_write, only read
//   4        d_gh      [N, 3H]  read_write
//   5        params             uniform
//
// Dispatch: N · H / 256, 4 elements a thread. Reference: test/reference/recurrent.ts

struct Params {
  N: u32,
  H: u32,
}

@group(0) @binding(0) var<storage, read_write> d_h: array<f32>;
@group(0) @binding(1) var<storage, read_write> gates: array<f32>;
@group(0) @binding(2) var<storage, read_write> hidden_n: array<f32>;
@group(0) @binding(3) var<storage, read_write> h: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_gh: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn gru_cell_backward(
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
    let r = gates[at_r];
    let z = gates[at_z];
    let n = gates[at_n];
    let d = d_h[i];
    let d_n = d * (1.0 - z) * (1.0 - n * n);
    let d_z = d * (h[i] - n) * z * (1.0 - z);
    let d_r = d_n * hidden_n[i] * r * (1.0 - r);
    gates[at_r] = d_r;
    gates[at_z] = d_z;
    gates[at_n] = d_n;
    d_gh[at_r] = d_r;
    d_gh[at_z] = d_z;
    d_gh[at_n] = d_n * r;
    d_h[i] = d * z;
  }
}
