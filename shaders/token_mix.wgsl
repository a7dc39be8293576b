// token_mix: y[b, t, :] = sum over s of p[b, t, s] · x[b, s, :]; where TRANSPOSED of p[b, s, t] · x[b, s, :]: the gradient of the former.
//
//   binding  name    shape      access
//   0        p       [B, T, T]  read_write, only read
//   1        x       [B, T, C]  read_write, only read
//   2        y       [B, T, C]  read_write
//   3        params             uniform
//
// C is a multiple of 4. Dispatch: (C / 32, B · T / 8), 4 columns a thread. Reference: test/reference/attention_mix.ts

struct Params {
  B: u32,
  T: u32,
  C: u32,
}

@group(0) @binding(0) var<storage, read_write> p: array<f32>;
@group(0) @binding(1) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

override TRANSPOSED = false;

@compute @workgroup_size(8, 8)
fn token_mix(@builtin(global_invocation_id) id: vec3u) {
  let T = params.T;
  let C4 = params.C / 4u;
  let row = id.y;
  if (id.x >= C4 || row >= params.B * T) { return; }
  let b = row / T;
  // p[b, row, s], or down the column of row.
  let begin = select(row * T, b * T * T + row % T, TRANSPOSED);
  let stride = select(1u, T, TRANSPOSED);
  var sum = vec4f();
  for (var s = 0u; s < T; s++) {
    sum += p[begin + s * stride] * x[(b * T + s) * C4 + id.x];
  }
  y[row * C4 + id.x] = sum;
}
