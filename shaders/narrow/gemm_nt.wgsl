// gemm_nt for graphics processors, of few columns, such as an adapter's: K is split over lanes, so that few outputs keep many threads busy. A workgroup of 64 threads
// makes 16 rows by 8 columns. Sixteen lanes take vec4s of K by turns, and their sums, 8 KiB of workgroup memory, are added in order; a thread has 4 rows
// by 8 columns. Dispatch: (N / 8, M / 16)

@compute @workgroup_size(LANES, 4)
fn gemm_nt(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32) {
  let K4 = params.K / 4u;
  // Rows past the end repeat the last one, of x and of w: their sums are not written.
  let own = vec4u(0u, 1u, 2u, 3u);
  let rows = min(group.y * 16u + local.y * 4u + own, vec4u(params.M - 1u)) * K4;
  let left = min(group.x * 8u + own, vec4u(params.N - 1u)) * K4;
  let right = min(group.x * 8u + 4u + own, vec4u(params.N - 1u)) * K4;
  var s: Sums;
  for (var k = local.x; k < K4; k += LANES) {
    let a = mat4x4f(x[rows.x + k], x[rows.y + k], x[rows.z + k], x[rows.w + k]);
    let b0 = transpose(mat4x4f(read_w(left.x + k), read_w(left.y + k), read_w(left.z + k), read_w(left.w + k)));
    let b1 = transpose(mat4x4f(read_w(right.x + k), read_w(right.y + k), read_w(right.z + k), read_w(right.w + k)));
    add_turn(&s, a, b0, b1);
  }
  put_sums(group, local, index, &s);
}
