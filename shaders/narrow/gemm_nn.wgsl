// gemm_nn for graphics processors, of few columns, such as the gradient below an adapter's second matrix: N is split over lanes, as K in gemm_nt.wgsl. A
// workgroup of 64 threads makes 16 rows by 8 columns. Sixteen lanes take vec4s of N by turns, and their sums, 8 KiB of workgroup memory, are added in order; a
// thread has 4 rows by 8 columns. Dispatch: (K / 8, M / 16)

const LANES = 16u;
// A lane's sums are 32 vec4s; they stand one further apart, so that lanes write to different banks.
const STRIDE = 33u;

var<workgroup> sums: array<vec4f, LANES * STRIDE>;

alias Element = vec4f;

@compute @workgroup_size(LANES, 4)
fn gemm_nn(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32) {
  let K4 = params.K / 4u;
  // Rows and columns past the end repeat the last one: their sums are not written.
  let own = vec4u(0u, 1u, 2u, 3u);
  let rows = min(group.y * 16u + local.y * 4u + own, vec4u(params.M - 1u)) * (params.width / 4u) + params.column / 4u;
  let left = min(group.x * 2u, K4 - 1u);
  let right = min(group.x * 2u + 1u, K4 - 1u);
  var s: array<vec4f, 8>;
  for (var n4 = local.x; n4 * 4u < params.N; n4 += LANES) {
    let a = mat4x4f(d_y[rows.x + n4], d_y[rows.y + n4], d_y[rows.z + n4], d_y[rows.w + n4]);
    // Rows of w past the end repeat the last one, by zeros of d_y.
    let n = min(n4 * 4u + own, vec4u(params.N - 1u)) * K4;
    let b0 = mat4x4f(read_w(n.x + left), read_w(n.y + left), read_w(n.z + left), read_w(n.w + left));
    let b1 = mat4x4f(read_w(n.x + right), read_w(n.y + right), read_w(n.z + right), read_w(n.w + right));
    s[0] = add_products(s[0], a[0], b0);
    s[1] = add_products(s[1], a[0], b1);
    s[2] = add_products(s[2], a[1], b0);
    s[3] = add_products(s[3], a[1], b1);
    s[4] = add_products(s[4], a[2], b0);
    s[5] = add_products(s[5], a[2], b1);
    s[6] = add_products(s[6], a[3], b0);
    s[7] = add_products(s[7], a[3], b1);
  }
  let at = local.x * STRIDE + local.y * 8u;
  sums[at] = s[0];
  sums[at + 1u] = s[1];
  sums[at + 2u] = s[2];
  sums[at + 3u] = s[3];
  sums[at + 4u] = s[4];
  sums[at + 5u] = s[5];
  sums[at + 6u] = s[6];
  sums[at + 7u] = s[7];
  workgroupBarrier();
  if (index >= 32u) { return; }
  var sum = sums[index];
  for (var lane = 1u; lane < LANES; lane++) { sum += sums[lane * STRIDE + index]; }
  put(group.y * 16u + index / 2u, group.x * 2u + index % 2u, sum);
}
