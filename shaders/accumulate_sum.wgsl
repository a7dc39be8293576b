// accumulate_sum: out[slot] += sum of x, by one thread, one after the other to the value that is there.
//
//   binding  name    shape       access
//   0        x       [count]     read_write, only read
//   1        out     [slot + 1]  read_write
//   2        params              uniform
//
// Dispatch: 1. Reference: test/reference/loss.ts

struct Params {
  count: u32,
  slot: u32,
}

@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(1)
fn accumulate_sum() {
  var sum = out[params.slot];
  for (var i = 0u; i < params.count; i++) { sum += x[i]; }
  out[params.slot] = sum;
}
