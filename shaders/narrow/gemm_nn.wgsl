// gemm_nn for graphics processors, of few columns, such as the gradient below an adapter's second matrix: N is split over lanes, as K in gemm_nt.wgsl. A
// workgroup of 64 threads makes 16 rows by 8 columns. Sixteen lanes take vec4s of N by turns, and their sums, 8 KiB of workgroup memory, are added in order; a
// thread has 4 rows by 8 columns. Dispatch: (K / 8, M / 16)

alias Element = vec4f;

@compute @workgroup_size(LANES, 4)
fn gemm_nn(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32) {
  let K4 = params.K / 4u;
  // Rows and columns past the end repeat the last one: their sums are not written.
  let own = vec4u(0u, 1u, 2u, 3u);
  let rows = min(group.y * 16u + local.y * 4u + own, vec4u(params.M - 1u)) * (params.width / 4u) + params.column / 4u;
  let left = min(group.x * 2u, K4 - 1u);
  let right = min(group.x * 2u + 1u, K4 - 1u);
  var s: Sums;
  for (var n4 = local.x; n4 * 4u < params.N; n4 += LANES) {
    let a = mat4x4f(d_y[rows.x + n4], d_y[rows.y + n4], d_y[rows.z + n4], d_y[rows.w + n4]);
    // Rows of w past the end repeat the last one, by zeros of d_y.
    let n = min(n4 * 4u + own, vec4u(params.N - 1u)) * K4;
    let b0 = mat4x4f(read_w(n.x + left), read_w(n.y + left), read_w(n.z + left), read_w(n.w + left));
    let b1 = mat4x4f(read_w(n.x + right), read_w(n.y + right), read_w(n.z + right), read_w(n.w + right));
    add_turn(&s, a, b0, b1);
  }
  put_sums(group, local, index, &s);
}
