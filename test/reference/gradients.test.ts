// The backward references against central finite differences of the forward ones, in f64. A forward pass is reduced to one number by
// random weights; these weights are then the gradient of its output.
import { expect, it } from 'vitest';
import { type Activation, activationCode, type KernelName, slopeOfValue, stepScalars } from '../../src/kernels/table.ts';
import { randomKey, randomNormal, siteId } from '../../src/random/counter.ts';
import type { Step } from './kernel.ts';
import { reference } from './kernels.ts';
import { normalCdf } from './normal.ts';

type Tensors = Record<string, Float64Array>;

const step = {
  ...Object.fromEntries(Object.keys(stepScalars).map((name) => [name, 1])),
  seed: 3,
  micro_step: 5,
  inverse_count: 0.25,
} as Step;

const normals = (name: string, count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => randomNormal(randomKey(1, 2, siteId(name)), i));
const zeros = (count: number): Float64Array => new Float64Array(count);
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

function run(kernel: KernelName, tensors: Tensors, uniforms: Record<string, number>, overrides = {}, headSize = 0): Tensors {
  const own = Object.fromEntries(Object.entries(tensors).map(([name, values]) => [name, values.slice()]));
  reference[kernel](own, uniforms, overrides, step, headSize);
  return own;
}

/** d loss / d x by central differences. Step 1e-5: truncation near 1e-10, rounding near 1e-11. */
function differences(x: Float64Array, loss: (x: Float64Array) => number): Float64Array {
  return x.map((value, i) => {
    const moved = (by: number) => loss(x.with(i, value + by));
    return (moved(1e-5) - moved(-1e-5)) / 2e-5;
  });
}

function expectClose(actual: Float64Array | undefined, wanted: Float64Array): void {
  expect(actual?.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    expect(actual?.[i], `element ${i}`).toBeCloseTo(value, 7);
  });
}

it.each(Object.keys(activationCode) as Activation[])('the gradient of a linear layer with activation %s', (activation) => {
  const ACTIVATION = activationCode[activation];
  const sizes = { M: 3, K: 4, N: 5 };
  const { M, K, N } = sizes;
  const [x, w, bias, d_out] = [normals('x', M * K), normals('w', N * K), normals('bias', N), normals('d_out', M * N)];
  const forward = (tensors: Tensors) =>
    run(
      'gemm_nt',
      { x, w, bias, out: zeros(M * N), pre: zeros(M * N), ...tensors },
      { ...sizes, width: N, column: 0, alpha: 1 },
      { BIAS: 1, ACTIVATION, KEEP_PRE: 1 },
    );
  const loss = (tensors: Tensors) => dot(forward(tensors).out as Float64Array, d_out);
  const { out, pre } = forward({});
  const held = slopeOfValue(activation) ? out : pre;
  const { d_y } = run('activation_backward', { d_y: d_out, x: held as Float64Array }, { count: M * N }, { ACTIVATION });
  const gradient = { d_y: d_y as Float64Array };
  expectClose(
    run('gemm_nn', { ...gradient, w, out: zeros(M * K) }, { ...sizes, width: N, column: 0, alpha: 1 }).out,
    differences(x, (moved) => loss({ x: moved })),
  );
  expectClose(
    run('gemm_tn', { ...gradient, x, d_w: zeros(N * K) }, { ...sizes, width: N, column: 0, alpha: 1 }).d_w,
    differences(w, (moved) => loss({ w: moved })),
  );
  const sums = run('column_sum', { ...gradient, d_bias: zeros(N) }, { M, N, width: N, alpha: 1 });
  expectClose(
    sums.d_bias,
    differences(bias, (moved) => loss({ bias: moved })),
  );
});

it('gelu_new is the tanh form that PyTorch has', () => {
  const x = Float64Array.of(1, -2, 0.5, 3);
  // torch.nn.functional.gelu(x, approximate='tanh') in f64.
  const values = [0.8411919906082768, -0.04540230591222494, 0.34571400982514394, 2.996362607918227];
  expectClose(run('activation', { x, y: zeros(4) }, { count: 4 }, { ACTIVATION: activationCode.gelu_new }).y, Float64Array.from(values));
});

it('the input gradient through an activation equals product and slope apart', () => {
  const sizes = { M: 3, K: 4, N: 5, width: 5, column: 0, alpha: 0.5 };
  const [d_y, w, argument] = [normals('d_y', 15), normals('w', 20), normals('argument', 12)];
  const fused = run('gemm_nn', { d_y, w, out: zeros(12), argument }, sizes, { ACTIVATION: 1 });
  const product = run('gemm_nn', { d_y, w, out: zeros(12) }, sizes);
  expectClose(
    fused.out,
    run('activation_backward', { d_y: product.out as Float64Array, x: argument }, { count: 12 }, { ACTIVATION: 1 }).d_y as Float64Array,
  );
});

it('the gradients of layer norm with a residual', () => {
  const uniforms = { N: 3, C: 8, eps: 1e-5 };
  const [x, residual, weight, bias, d_y] = [normals('x', 24), normals('r', 24), normals('w', 8), normals('b', 8), normals('d', 24)];
  const forward = (tensors: Tensors) =>
    run('layer_norm', { x, residual, weight, bias, y: zeros(24), stats: zeros(6), ...tensors }, uniforms, { RESIDUAL: 1 });
  const loss = (tensors: Tensors) => dot(forward(tensors).y as Float64Array, d_y);
  const { x: s, stats } = forward({}) as { x: Float64Array; stats: Float64Array };
  const d_s = run('layer_norm_backward', { d_y, s, stats, weight }, uniforms).d_y;
  expectClose(
    d_s,
    differences(x, (moved) => loss({ x: moved })),
  );
  expectClose(
    d_s,
    differences(residual, (moved) => loss({ residual: moved })),
  );
  const { d_weight, d_bias } = run('layer_norm_parameters', { d_y, s, stats, d_weight: zeros(8), d_bias: zeros(8) }, uniforms);
  expectClose(
    d_weight,
    differences(weight, (moved) => loss({ weight: moved })),
  );
  expectClose(
    d_bias,
    differences(bias, (moved) => loss({ bias: moved })),
  );
});

it('the gradients of a factor for each column', () => {
  const uniforms = { N: 3, C: 5 };
  const [x, l, d_y] = [normals('x', 15), normals('l', 5), normals('d_y', 15)];
  const loss = (tensors: Tensors) => dot(run('scale_columns', { x, l, y: zeros(15), ...tensors }, uniforms).y as Float64Array, d_y);
  expectClose(
    run('scale_columns', { x: d_y, l }, uniforms, { IN_PLACE: 1 }).x,
    differences(x, (moved) => loss({ x: moved })),
  );
  expectClose(
    run('column_dot', { d_y, x, d_l: zeros(5) }, uniforms).d_l,
    differences(l, (moved) => loss({ l: moved })),
  );
});

it.each([
  ['padded', { CAUSAL: 0, CROSS: 0 }, 0, 0, 5],
  ['causal', { CAUSAL: 1, CROSS: 0 }, 0, 0, 5],
  ['with dropout', { CAUSAL: 0, CROSS: 0 }, 0.3, 0, 5],
  ['with a prefix', { CAUSAL: 0, CROSS: 0 }, 0, 3, 5],
  ['causal, with a prefix and dropout', { CAUSAL: 1, CROSS: 0 }, 0.3, 2, 5],
  ['to more tokens than there are queries', { CAUSAL: 0, CROSS: 1 }, 0, 0, 7],
  ['to fewer tokens, with a prefix and dropout', { CAUSAL: 0, CROSS: 1 }, 0.3, 2, 3],
])('the gradients of attention, %s', (_, mask, p, prefix, tokens) => {
  const [B, T, NH, HD] = [2, 5, 2, 4];
  const S = prefix + tokens;
  const size = B * T * NH * HD;
  const keys = B * S * NH * HD;
  const uniforms = { B, T, S, prefix, NH, first: 1, scale: 0.5, site: 9, p };
  const lengths = Float64Array.of(0, 5, 3);
  const [q, k, v, d_out] = [normals('q', size), normals('k', keys), normals('v', keys), normals('d_out', size)];
  const forward = (tensors: Tensors) =>
    run('attention', { q, k, v, lengths, out: zeros(size), lse: zeros(B * NH * T), ...tensors }, uniforms, mask, HD);
  const loss = (tensors: Tensors) => dot(forward(tensors).out as Float64Array, d_out);
  const { out, lse } = forward({}) as { out: Float64Array; lse: Float64Array };
  const given = { q, k, v, d_out, lse, lengths };
  const { d_q, delta } = run('attention_backward_q', { ...given, d_q: out, delta: zeros(B * NH * T) }, uniforms, mask, HD);
  const { k: d_k, v: d_v } = run('attention_backward_kv', { ...given, delta: delta as Float64Array }, uniforms, mask, HD);
  expectClose(
    d_q,
    differences(q, (moved) => loss({ q: moved })),
  );
  expectClose(
    d_k,
    differences(k, (moved) => loss({ k: moved })),
  );
  expectClose(
    d_v,
    differences(v, (moved) => loss({ v: moved })),
  );
});

it('the gradient of the embedding table, tokens that repeat included', () => {
  const range = { C: 3, row_begin: 2, row_end: 5, rows: 5, shift: 1 };
  const ids = Float64Array.of(2, 0, 2, 3);
  const [table, d_h] = [normals('table', 9), normals('d_h', 12)];
  const forward = (moved: Float64Array) =>
    run('embedding', { ids, table: moved, h: zeros(12) }, { B: 2, S: 2, P: 0, before: 0, step: 0, ...range });
  const chain = Float64Array.of(2 ** 31 + 3, 2 ** 31, 0, 2 ** 31);
  const { d_table } = run('embedding_backward', { ids, chain, d_h, d_table: zeros(9) }, { N: 4, ...range });
  expectClose(
    d_table,
    differences(table, (moved) => dot(forward(moved).h as Float64Array, d_h)),
  );
});

it.each([0, 1, 2])('the gradient of pooling, MODE %i', (MODE) => {
  const uniforms = { B: 2, T: 3, C: 4 };
  const lengths = Float64Array.of(2, 3);
  const [h, d_pooled] = [normals('h', 24), normals('d_pooled', 8)];
  const { d_h } = run('pool_backward', { d_pooled, lengths, d_h: zeros(24) }, uniforms, { MODE });
  const loss = (moved: Float64Array) =>
    dot(run('pool', { h: moved, lengths, pooled: zeros(8) }, uniforms, { MODE }).pooled as Float64Array, d_pooled);
  expectClose(d_h, differences(h, loss));
});

it.each([
  ['', {}],
  [' with weights of classes', { WEIGHTED: 1 }],
  [' with smoothed labels', { SMOOTHED: 1 }],
  [' with both', { WEIGHTED: 1, SMOOTHED: 1 }],
])('the gradient of the loss%s, a row without a label included', (_, overrides) => {
  const tensors = { labels: Float64Array.of(1, -100, 4), weights: Float64Array.of(0.5, 2, 1, 0, 1.5), row_loss: zeros(3) };
  const forward = (logits: Float64Array) => run('softmax_cross_entropy', { ...tensors, logits }, { B: 3, V: 5, smoothing: 0.3 }, overrides);
  const logits = normals('logits', 15);
  const loss = (moved: Float64Array) => dot(forward(moved).row_loss as Float64Array, zeros(3).fill(1));
  expectClose(forward(logits).logits, differences(logits, loss));
});

it.each([0, 1])(
  'the loss of a vocabulary in wider rows has its gradient, and its log-likelihood is the loss before the mean; SMOOTHED %i',
  (SMOOTHED) => {
    const [B, V, width] = [3, 5, 8];
    const tensors = { labels: Float64Array.of(1, -100, 4), row_loss: zeros(3) };
    const forward = (logits: Float64Array, overrides: Record<string, number>) =>
      run('softmax_cross_entropy_wide', { ...tensors, logits }, { B, V, width, smoothing: 0.3 }, overrides);
    const logits = normals('logits', B * width);
    const loss = (moved: Float64Array) => dot(forward(moved, { SMOOTHED }).row_loss as Float64Array, zeros(3).fill(1));
    expectClose(forward(logits, { SMOOTHED }).logits, differences(logits, loss));
    const kept = forward(logits, { LOG_LIKELIHOOD: 1 });
    expect(kept.logits).toEqual(logits);
    expectClose(
      kept.row_loss?.map((value) => -value * step.inverse_count),
      forward(logits, {}).row_loss as Float64Array,
    );
  },
);

it('weights of classes and smoothed labels give the loss and the gradients of PyTorch', () => {
  // torch.nn.functional.cross_entropy(logits, labels, weight=weights, label_smoothing=0.1), in f64, and its gradient; -100 is ignored.
  const logits = Float64Array.of(0.5, -1.25, 2, 0.75, 0, -0.5, 1.5, 0.25, -2, 3, 0.125, 1);
  const labels = Float64Array.of(2, -100, 0);
  const weights = Float64Array.of(0.5, 2, 1, 0.25);
  const torch = [
    {
      WEIGHTED: 0,
      SMOOTHED: 0,
      loss: 2.8091449819147,
      gradient: [
        0.07205142065, 0.0125206595, -0.17708793557, 0.09251585542, 0.0, 0.0, 0.0, 0.0, -0.49718898341, 0.4171918522, 0.02353635373,
        0.05646077748,
      ],
    },
    {
      WEIGHTED: 0,
      SMOOTHED: 1,
      loss: 2.7575824819147,
      gradient: [
        0.05955142065, 2.06595e-5, -0.13958793557, 0.08001585542, 0.0, 0.0, 0.0, 0.0, -0.45968898341, 0.4046918522, 0.01103635373,
        0.04396077748,
      ],
    },
    {
      WEIGHTED: 1,
      SMOOTHED: 0,
      loss: 2.0185060074811,
      gradient: [
        0.09606856087, 0.01669421266, -0.23611724743, 0.1233544739, 0.0, 0.0, 0.0, 0.0, -0.33145932227, 0.27812790146, 0.01569090249,
        0.03764051832,
      ],
    },
    {
      WEIGHTED: 1,
      SMOOTHED: 1,
      loss: 2.0792568628057,
      gradient: [
        0.08713479903, -0.0167434595, -0.1888081813, 0.11841684177, 0.0, 0.0, 0.0, 0.0, -0.30629534631, 0.26913075951, 0.00039718979,
        0.03676739701,
      ],
    },
  ];
  for (const { WEIGHTED, SMOOTHED, loss, gradient } of torch) {
    const counted = WEIGHTED ? 1.5 : 2;
    const own = { logits: logits.slice(), labels, weights, row_loss: zeros(3) };
    reference.softmax_cross_entropy(
      own,
      { B: 3, V: 4, smoothing: 0.1 },
      { WEIGHTED, SMOOTHED },
      { ...step, inverse_count: 1 / counted },
      0,
    );
    expect(dot(own.row_loss, zeros(3).fill(1))).toBeCloseTo(loss, 12);
    expectClose(own.logits, Float64Array.from(gradient));
  }
});

it('the gradient of the squared error, a row without a target included', () => {
  const tensors = { targets: Float64Array.of(2.5, 1, 3.4e38, 0, -1, 4), row_loss: zeros(3) };
  const forward = (outputs: Float64Array) => run('mean_squared_error', { ...tensors, outputs }, { N: 3, K: 2 });
  const outputs = normals('outputs', 6);
  const loss = (moved: Float64Array) => dot(forward(moved).row_loss as Float64Array, zeros(3).fill(1));
  expectClose(forward(outputs).outputs, differences(outputs, loss));
  expect(forward(outputs).row_loss?.[1]).toBe(0);
  expect(forward(outputs).row_loss?.[0]).toBeGreaterThan(0);
});

it('the float coupling is inverted, and the fixed one exactly so', () => {
  const [x, f] = [normals('x', 40), normals('f', 40)];
  const added = run('scale_add', { x, f }, { count: 40, alpha: 0.1, beta: 1 }).x as Float64Array;
  expectClose(run('scale_add_inverse', { y: added, f }, { count: 40, alpha: 0.1 }).y, x);
  const fixed = x.map((value) => Math.round(value * 2 ** 24));
  const coupled = run(
    'stream_couple',
    { x: fixed, f, bits: zeros(6), status: zeros(1) },
    { count: 40, slot: 0, scale: 2 ** 24 },
    { SHIFT: 3, KEEP_BITS: 1 },
  );
  const back = run(
    'stream_uncouple',
    { y: coupled.x as Float64Array, f, bits: coupled.bits as Float64Array },
    { count: 40, first: 0, scale: 2 ** 24 },
    { SHIFT: 3 },
  );
  expect(back.y).toEqual(fixed);
});

it('the normal distribution agrees with tabulated values in both tails', () => {
  // Abramowitz & Stegun, table 26.1, and erfc(5 / √2) / 2 to 16 digits.
  expect(normalCdf(0)).toBe(0.5);
  expect(normalCdf(1)).toBeCloseTo(0.841344746068543, 14);
  expect(normalCdf(-2) / 0.0227501319481792).toBeCloseTo(1, 13);
  expect(normalCdf(-5) / 2.866515718791939e-7).toBeCloseTo(1, 12);
  expect(normalCdf(2.9)).toBeCloseTo(0.998134186699616, 13);
});

it('AdamW takes the step of torch.optim.AdamW', () => {
  // Two steps by hand on parameter 1, gradients 0.5 and -0.25, lr 0.1, weight_decay 0.1, defaults else.
  const uniforms = { count: 1, slot: 0, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.1, lr_scale: 1 };
  let state: Tensors = { parameter: Float64Array.of(1), exp_avg: zeros(1), exp_avg_sq: zeros(1), scalars: Float64Array.of(1) };
  [0.5, -0.25].forEach((gradient, i) => {
    const own: Tensors = { ...state, gradient: Float64Array.of(gradient) };
    const scalars = { learning_rate: 0.1, bias_correction1: 1 - 0.9 ** (i + 1), bias_correction2_sqrt: Math.sqrt(1 - 0.999 ** (i + 1)) };
    reference.adamw(own, uniforms, {}, { ...step, ...scalars }, 0);
    state = own;
  });
  // 1 · 0.99 - 0.1 = 0.89; then 0.89 · 0.99 - 0.1 · (0.02 / 0.19) / sqrt(0.00031225 / 0.001999)
  expect(state.parameter?.[0]).toBeCloseTo(0.8811 - (0.1 * (0.02 / 0.19)) / Math.sqrt(0.00031225 / 0.001999), 6);
});
