// prelude: what kernels share; appended to each of them. What depends on a model (Stored_NAME and read_NAME of stored
// bindings, HeadVector) comes from src/gpu/pipelines.ts. Unused functions cost nothing.

// Rewritten by every step; the same fields as `stepScalars` in src/kernels/table.ts.
struct StepScalars {
  seed: u32,
  micro_step: u32,
  first_example: u32,
  learning_rate: f32,
  bias_correction1: f32,
  bias_correction2_sqrt: f32,
  max_grad_norm: f32,
  inverse_count: f32,
  beta2_t: f32,
}

// Index of a workgroup in a one-dimensional grid that is folded into y past 65535 workgroups.
fn linear_group(group: vec3u, groups: vec3u) -> u32 {
  return group.y * groups.x + group.x;
}

// Sums over rows, of which T belong to an example, are made by blocks: up to 64 rows of one example, counted from its first. A block is summed from zero,
// row after row, and blocks are added in ascending order to the value that is there. So a call over whole blocks, then one over the blocks after them, give
// the bits of one call over all. `first`: the number in its example of the first row of a call.
const BLOCK = 64u;

// The row after the last of the block that begins at row m of M.
fn block_end(m: u32, first: u32, T: u32, M: u32) -> u32 {
  let t = (first + m) % T;
  return min(M, m + min(BLOCK - t % BLOCK, T - t));
}

// The first row of block b of a call whose first row begins a block.
fn block_begin(b: u32, first: u32, T: u32) -> u32 {
  let blocks = (T + BLOCK - 1u) / BLOCK;
  let at = first / T * blocks + first % T / BLOCK + b;
  return at / blocks * T + at % blocks * BLOCK - first;
}

// s + a.x · b[0], and so on to b[3], in that order: four numbers of a row times four columns.
fn add_products(s: vec4f, a: vec4f, b: mat4x4f) -> vec4f {
  return (((s + a.x * b[0]) + a.y * b[1]) + a.z * b[2]) + a.w * b[3];
}

// Bit for bit src/random/counter.ts.
fn pcg(value: u32) -> u32 {
  let state = value * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (word >> 22u) ^ word;
}

fn random_key(seed: u32, step: u32, site: u32) -> u32 {
  return pcg(pcg(pcg(seed) ^ step) ^ site);
}

fn random_u32(key: u32, index: u32) -> u32 {
  return pcg(pcg(index + key) ^ key);
}

fn random_uniform(key: u32, index: u32) -> f32 {
  return f32(random_u32(key, index) >> 8u) / 16777216.0;
}

// 0 where dropped, else 1 / (1 - p).
fn dropout_factor(key: u32, index: u32, p: f32) -> f32 {
  return select(0.0, 1.0 / (1.0 - p), random_uniform(key, index) >= p);
}

// The factors of four elements.
fn dropout_factor4(key: u32, index: vec4u, p: f32) -> vec4f {
  return vec4f(
    dropout_factor(key, index.x, p),
    dropout_factor(key, index.y, p),
    dropout_factor(key, index.z, p),
    dropout_factor(key, index.w, p),
  );
}

// The factors of elements `at` to `at + 3` of a slice's tensor, by the fields of dropout: what an epilogue multiplies by that drops out as dropout does.
fn dropout_epilogue(step: StepScalars, first: u32, example: u32, site: u32, p: f32, at: u32) -> vec4f {
  let key = random_key(step.seed, step.micro_step, site);
  return dropout_factor4(key, first + step.first_example * example + at + vec4u(0u, 1u, 2u, 3u), p);
}

// Bits of |x|, ordered as the magnitudes are; at or above 0x7f800000 for what is not finite.
fn magnitude_bits(x: f32) -> u32 {
  return bitcast<u32>(x) & 0x7fffffffu;
}

// Fixed point: round half even, held inside i32 and 0 for what is not finite, so that it is a function of the bits of f and nothing else.
fn quantize(f: f32, scale: f32) -> i32 {
  let scaled = round(f * scale);
  return select(0, i32(clamp(scaled, -2147483648.0, 2147483520.0)), magnitude_bits(scaled) < 0x7f800000u);
}

// Bits of the magnitude |x / scale + f|; Inf for what is not finite.
fn stream_status(x: i32, f: f32, scale: f32) -> u32 {
  return min(magnitude_bits((f32(x) + round(f * scale)) / scale), 0x7f800000u);
}

// Codes of ACTIVATION.
const GELU = 1u;
const TANH = 2u;
const RELU = 3u;
const SILU = 4u;
const GELU_NEW = 5u;

// Standard normal distribution, Φ(x) = (1 + erf(x / √2)) / 2. An odd polynomial near 0, exp of one in the tails, both minimax fits
// against f64: absolute error below 1.2e-7, and small values of the left tail keep their leading digits.
fn normal_cdf(x: vec4f) -> vec4f {
  let t = min(abs(x), vec4f(14.0));
  let s = t * t;
  var core = 0.00997228269 + s * (-0.00118383742 + s * (0.000111041278 - s * 6.80952689e-6));
  core = 0.5 + x * (0.398942262 + s * (-0.0664902106 + s * core));
  var tail = 0.00514445873 + t * (-0.000521408976 + t * (3.36705925e-5 + t * (-1.2323062e-6 + t * 1.93215524e-8)));
  tail = -0.00139569142 + t * (-0.794113696 + t * (-0.32206431 + t * (-0.0349729881 + t * tail)));
  tail = 0.5 * exp(tail);
  return select(select(1.0 - tail, tail, x < vec4f()), core, t < vec4f(1.25));
}

// tanh without the cancellation near 0 and the overflow far from it that drivers show.
fn tanh4(x: vec4f) -> vec4f {
  let s = x * x;
  let series = x * (1.0 + s * (-0.33333333 + s * (0.13333333 + s * (-0.053968254 + s * 0.021869488))));
  let far = 1.0 - 2.0 / (exp(2.0 * clamp(x, vec4f(-15.0), vec4f(15.0))) + 1.0);
  return select(far, series, abs(x) < vec4f(0.3));
}

// The clamp keeps exp below Inf; beyond it the value is 0 or 1 to f32.
fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(-clamp(x, -80.0, 80.0)));
}

fn sigmoid4(x: vec4f) -> vec4f {
  return 1.0 / (1.0 + exp(-clamp(x, vec4f(-80.0), vec4f(80.0))));
}

// Twice the argument of the tanh in gelu_new, 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))), which is x times the sigmoid of this.
fn gelu_new_argument(x: vec4f) -> vec4f {
  return x * (1.5957691216 + 0.0713548163 * x * x);
}

fn activate(code: u32, x: vec4f) -> vec4f {
  if (code == GELU) { return x * normal_cdf(x); }
  if (code == TANH) { return tanh4(x); }
  if (code == RELU) { return max(x, vec4f()); }
  if (code == SILU) { return x * sigmoid4(x); }
  if (code == GELU_NEW) { return x * sigmoid4(gelu_new_argument(x)); }
  return x;
}

// Derivative of the activation at its argument x; of tanh at its value x, of relu at either.
fn activation_slope(code: u32, x: vec4f) -> vec4f {
  if (code == GELU) { return normal_cdf(x) + x * 0.3989422804 * exp(-0.5 * min(x * x, vec4f(170.0))); }
  if (code == TANH) { return 1.0 - x * x; }
  if (code == RELU) { return select(vec4f(), vec4f(1.0), x > vec4f()); }
  if (code == SILU) { return sigmoid4(x) * (1.0 + x * sigmoid4(-x)); }
  if (code == GELU_NEW) {
    let u = gelu_new_argument(x);
    return sigmoid4(u) * (1.0 + x * sigmoid4(-u) * (1.5957691216 + 0.2140644488 * x * x));
  }
  return vec4f(1.0);
}
