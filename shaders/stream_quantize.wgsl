// stream_quantize: x = q(h), the fixed-point stream of h: q rounds h · scale half to even, into i32. status[slot] = max(status[slot], |h|)
// as the bits of an f32: at or above 2^31 / scale where a value did not fit, Inf where it was not finite.
//
//   binding  name    shape       access
//   0        h       [count]     read_write, only read
//   1        x       [count]     read_write
//   2        status  [slot + 1]  read_write
//   3        params              uniform
//
// Dispatch: count / 2048, 32 elements a thread. Reference: test/reference/stream.ts

struct Params {
  count: u32,
  slot: u32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read_write> h: array<f32>;
@group(0) @binding(1) var<storage, read_write> x: array<i32>;
@group(0) @binding(2) var<storage, read_write> status: array<atomic<u32>>;
@group(0) @binding(3) var<uniform> params: Params;

// One element: its status.
fn put(i: u32) -> u32 {
  x[i] = quantize(h[i], params.scale);
  return stream_status(0, h[i], params.scale);
}

fn raise(value: u32) {
  // Most threads find the maximum already there: a load is cheaper than an atomic.
  if (value > atomicLoad(&status[params.slot])) { atomicMax(&status[params.slot], value); }
}

@compute @workgroup_size(64)
fn stream_quantize(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = linear_group(group, groups) * 2048u + local;
  let end = min(first + 2048u, params.count);
  var highest = 0u;
  for (var i = first; i < end; i += 64u) { highest = max(highest, put(i)); }
  raise(highest);
}
