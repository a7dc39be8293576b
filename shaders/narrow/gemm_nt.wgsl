// gemm_nt for graphics processors, of few columns, such as an adapter's: K is split over lanes, so that few outputs keep many threads busy. A workgroup of 64 threads
// makes 16 rows by 8 columns. Sixteen lanes take vec4s of K by turns, and their sums, 8 KiB of workgroup memory, are added in order; a thread has 4 rows
// by 8 columns. Dispatch: (N / 8, M / 16)

const LANES = 16u;
// A lane's sums are 32 vec4s; they stand one further apart, so that lanes write to different banks.
const STRIDE = 33u;

var<workgroup> sums: array<vec4f, LANES * STRIDE>;

@compute @workgroup_size(LANES, 4)
fn gemm_nt(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32) {
  let K4 = params.K / 4u;
  // Rows past the end repeat the last one, of x and of w: their sums are not written.
  let own = vec4u(0u, 1u, 2u, 3u);
  let rows = min(group.y * 16u + local.y * 4u + own, vec4u(params.M - 1u)) * K4;
  let left = min(group.x * 8u + own, vec4u(params.N - 1u)) * K4;
  let right = min(group.x * 8u + 4u + own, vec4u(params.N - 1u)) * K4;
  var s: array<vec4f, 8>;
  for (var k = local.x; k < K4; k += LANES) {
    let a = mat4x4f(x[rows.x + k], x[rows.y + k], x[rows.z + k], x[rows.w + k]);
    let b0 = transpose(mat4x4f(read_w(left.x + k), read_w(left.y + k), read_w(left.z + k), read_w(left.w + k)));
    let b1 = transpose(mat4x4f(read_w(right.x + k), read_w(right.y + k), read_w(right.z + k), read_w(right.w + k)));
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
