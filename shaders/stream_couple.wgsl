// stream_couple: y = (x >> SHIFT) + q(f) in place on x: the coupling y = λ · x + F with λ = 2^-SHIFT over fixed-point streams. With
// KEEP_BITS the bits that the shift drops go to bits as planes: word group · SHIFT + b holds bit b of the 32 elements of a group. status
// as in stream_quantize. READ: also h = y / scale, as stream_read.
//
//   binding  name    shape                 access
//   0        x       [count]               read_write, y on return
//   1        f       [count]               read_write, only read
//   2        bits    [count / 32 · SHIFT]  read_write, where KEEP_BITS
//   3        status  [slot + 1]            read_write
//   4        h       [count]               read_write, where READ
//   5        params                        uniform
//
// SHIFT is at most 8. Dispatch: count / 2048, a group of 32 elements a thread.
// Reference: test/reference/stream.ts

struct Params {
  count: u32,
  slot: u32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read_write> x: array<i32>;
@group(0) @binding(1) var<storage, read_write> f: array<f32>;
@group(0) @binding(2) var<storage, read_write> bits: array<u32>;
@group(0) @binding(3) var<storage, read_write> status: array<atomic<u32>>;
@group(0) @binding(4) var<storage, read_write> h: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

override SHIFT = 0u;
override KEEP_BITS = false;
override READ = false;

fn put(i: u32, y: i32) {
  x[i] = y;
  if (READ) { h[i] = f32(y) / params.scale; }
}

fn raise(value: u32) {
  // Most threads find the maximum already there: a load is cheaper than an atomic.
  if (value > atomicLoad(&status[params.slot])) { atomicMax(&status[params.slot], value); }
}

// y in place of one element of x: the bits of x, and the status.
fn couple(at: u32) -> vec2u {
  let whole = x[at];
  let half = whole >> SHIFT;
  let added = f[at];
  put(at, half + quantize(added, params.scale));
  return vec2u(bitcast<u32>(whole), stream_status(half, added, params.scale));
}

@compute @workgroup_size(64)
fn stream_couple(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let number = linear_group(group, groups) * 64u + local;
  let first = number * 32u;
  if (first >= params.count) { return; }
  let size = min(32u, params.count - first);
  var low = vec4u();
  var high = vec4u();
  var highest = 0u;
  for (var j = 0u; j < size; j++) {
    let made = couple(first + j);
    highest = max(highest, made.y);
    low |= ((vec4u(made.x) >> vec4u(0u, 1u, 2u, 3u)) & vec4u(1u)) << vec4u(j);
    high |= ((vec4u(made.x) >> vec4u(4u, 5u, 6u, 7u)) & vec4u(1u)) << vec4u(j);
  }
  raise(highest);
  if (KEEP_BITS) {
    let at = number * SHIFT;
    keep(at, 0u, low.x);
    keep(at, 1u, low.y);
    keep(at, 2u, low.z);
    keep(at, 3u, low.w);
    keep(at, 4u, high.x);
    keep(at, 5u, high.y);
    keep(at, 6u, high.z);
    keep(at, 7u, high.w);
  }
}

fn keep(at: u32, plane: u32, word: u32) {
  if (plane < SHIFT) { bits[at + plane] = word; }
}
