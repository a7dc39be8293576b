// adafactor_scale: the two numbers that Adafactor's step of a parameter needs as a whole:
//   factors[0] = mean of row (1 where FACTORED is 0)
//   factors[1] = 1 / max(1, rms / clip_threshold), rms of the step over all rows · C elements
//
//   binding  name      shape      access
//   0        partials  [2, rows]  read_write, only read
//   1        factors   [2]        read_write
//   2        params               uniform
//
// Dispatch: 1. Reference: test/reference/adafactor.ts

override FACTORED: u32 = 0u;

struct Params {
  rows: u32,
  C: u32,
  clip_threshold: f32,
}

@group(0) @binding(0) var<storage, read_write> partials: array<f32>;
@group(0) @binding(1) var<storage, read_write> factors: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> sums: array<vec2f, 64>;

@compute @workgroup_size(64)
fn adafactor_scale(@builtin(local_invocation_index) local: u32) {
  var sum = vec2f();
  for (var i = local; i < params.rows; i += 64u) { sum += vec2f(partials[i], partials[params.rows + i]); }
  sums[local] = sum;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { sums[local] += sums[local + half]; }
  }
  if (local == 0u) {
    let rows = f32(params.rows);
    let mean = select(1.0, sums[0].x / rows, FACTORED != 0u);
    let rms = sqrt(sums[0].y / rows / f32(params.C) * mean);
    factors[0] = mean;
    factors[1] = 1.0 / max(1.0, rms / params.clip_threshold);
  }
}
