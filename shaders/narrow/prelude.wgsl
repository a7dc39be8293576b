// What the forms of this folder share: a workgroup of 64 threads makes 16 rows by 8 columns of a product, whose sums are split over sixteen lanes and then added in
// order. A thread has 4 rows by 8 columns, two vec4s a row.

const LANES = 16u;
// A lane's sums are 32 vec4s; they stand one further apart, so that lanes write to different banks.
const STRIDE = 33u;

var<workgroup> sums: array<vec4f, LANES * STRIDE>;

alias Sums = array<vec4f, 8>;

// Four rows times four numbers of each column: `a` by row, b0 and b1 by number, of the first four columns and the last.
fn add_turn(s: ptr<function, Sums>, a: mat4x4f, b0: mat4x4f, b1: mat4x4f) {
  (*s)[0] = add_products((*s)[0], a[0], b0);
  (*s)[1] = add_products((*s)[1], a[0], b1);
  (*s)[2] = add_products((*s)[2], a[1], b0);
  (*s)[3] = add_products((*s)[3], a[1], b1);
  (*s)[4] = add_products((*s)[4], a[2], b0);
  (*s)[5] = add_products((*s)[5], a[2], b1);
  (*s)[6] = add_products((*s)[6], a[3], b0);
  (*s)[7] = add_products((*s)[7], a[3], b1);
}

// Adds up what the lanes have, and hands it on.
fn put_sums(group: vec3u, local: vec3u, index: u32, s: ptr<function, Sums>) {
  let at = local.x * STRIDE + local.y * 8u;
  sums[at] = (*s)[0];
  sums[at + 1u] = (*s)[1];
  sums[at + 2u] = (*s)[2];
  sums[at + 3u] = (*s)[3];
  sums[at + 4u] = (*s)[4];
  sums[at + 5u] = (*s)[5];
  sums[at + 6u] = (*s)[6];
  sums[at + 7u] = (*s)[7];
  workgroupBarrier();
  if (index >= 32u) { return; }
  var sum = sums[index];
  for (var lane = 1u; lane < LANES; lane++) { sum += sums[lane * STRIDE + index]; }
  put(group.y * 16u + index / 2u, group.x * 2u + index % 2u, sum);
}
