// stream_uncouple: x = ((y - q(f)) << SHIFT) | bits in place on y: the exact inverse of stream_couple, bit for bit, given the same f. READ: also
// h = x / scale, as stream_read.
//
//   binding  name    shape                 access
//   0        y       [count]               read_write, x on return
//   1        f       [count]               read_write, only read
//   2        bits    [all / 32 · SHIFT]    read_write, only read, where SHIFT > 0
//   3        h       [count]               read_write, where READ
//   4        params                        uniform
//
// y and f are `count` elements from `first` on (a multiple of 32) of what was coupled at once, bits those of all of it.
// SHIFT is at most 8. Dispatch: count / 2048, a group of 32 elements a thread.
// Reference: test/reference/stream.ts

struct Params {
  count: u32,
  first: u32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read_write> y: array<i32>;
@group(0) @binding(1) var<storage, read_write> f: array<f32>;
@group(0) @binding(2) var<storage, read_write> bits: array<u32>;
@group(0) @binding(3) var<storage, read_write> h: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

override SHIFT = 0u;
override READ = false;

fn put(i: u32, x: i32) {
  y[i] = x;
  if (READ) { h[i] = f32(x) / params.scale; }
}

// x in place of one element of y, which is bit j of the words from `planes` on.
fn uncouple(at: u32, planes: u32, j: u32) {
  var dropped = 0u;
  for (var plane = 0u; plane < SHIFT; plane++) {
    dropped |= ((bits[planes + plane] >> j) & 1u) << plane;
  }
  put(at, ((y[at] - quantize(f[at], params.scale)) << SHIFT) | bitcast<i32>(dropped));
}

@compute @workgroup_size(64)
fn stream_uncouple(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let number = linear_group(group, groups) * 64u + local;
  let begin = number * 32u;
  if (begin >= params.count) { return; }
  let size = min(32u, params.count - begin);
  let planes = (params.first / 32u + number) * SHIFT;
  for (var j = 0u; j < size; j++) { uncouple(begin + j, planes, j); }
}
