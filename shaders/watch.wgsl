// watch: status[slot] = max(status[slot], |x|) as the bits of an f32; what is not finite comes out as such.
//
//   binding  name    shape       access
//   0        x       [count]     read_write, only read
//   1        status  [slot + 1]  read_write
//   2        params              uniform
//
// Dispatch: count / 2048, 32 elements a thread. Reference: test/reference/stream.ts

struct Params {
  count: u32,
  slot: u32,
}

@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> status: array<atomic<u32>>;
@group(0) @binding(2) var<uniform> params: Params;

fn raise(value: u32) {
  // Most threads find the maximum already there: a load is cheaper than an atomic.
  if (value > atomicLoad(&status[params.slot])) { atomicMax(&status[params.slot], value); }
}

@compute @workgroup_size(64)
fn watch(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = linear_group(group, groups) * 2048u + local;
  let end = min(first + 2048u, params.count);
  var highest = 0u;
  for (var i = first; i < end; i += 64u) { highest = max(highest, magnitude_bits(x[i])); }
  raise(highest);
}
