// What must hold to the last bit on the GPU: dropout masks, the inverse of the stream coupling, a batch in chunks against the batch at once, and grids
// of more than 65535 workgroups.
import { beforeAll, expect, it } from 'vitest';
import { openGpu } from '../../cli/adapter.ts';
import { openDevice } from '../../src/gpu/device.ts';
import { PipelineCache } from '../../src/gpu/pipelines.ts';
import { forms } from '../../src/kernels/forms.ts';
import { type KernelName, undropped } from '../../src/kernels/table.ts';
import { randomKey, randomU32, randomUniform } from '../../src/random/counter.ts';
import { tokenChain } from '../../src/train/trainer.ts';
import { type KernelCase, normals } from './cases/case.ts';
import { elementCases } from './cases/elements.ts';
import { headCases } from './cases/heads.ts';
import { recurrentCases } from './cases/recurrent.ts';
import { rowCases } from './cases/rows.ts';
import { type KernelRun, runKernel, type Words } from './testing.ts';

let run: (kernel: KernelRun) => Promise<Record<string, Words>>;

let gpu: GPU;

beforeAll(async () => {
  gpu = await openGpu();
  const { device } = await openDevice(gpu);
  const pipelines = new PipelineCache(device);
  run = (kernel) => runKernel(device, pipelines, kernel);
});

it('dropout masks are those of the counter-based generator, bit for bit', async () => {
  const count = 100_003;
  const p = 0.1;
  const step = { seed: 0xdeadbeef, micro_step: 0xfffffff0 };
  const site = 0x9e3779b9;
  const { x } = await run({
    kernel: 'dropout',
    tensors: { x: new Float32Array(count).fill(1) },
    uniforms: { count, first: 0, example: 1, site, p },
    step,
  });
  const key = randomKey(step.seed, step.micro_step, site);
  const dropped = Array.from({ length: count }, (_, i) => randomUniform(key, i) < Math.fround(p));
  expect(Array.from(x as Words, (value) => value === 0)).toEqual(dropped);
});

it('attention drops the probabilities that the generator names', async () => {
  const [B, T, NH, HD] = [2, 8, 2, 8];
  const size = B * T * NH * HD;
  const step = { seed: 3, micro_step: 11 };
  const [site, p] = [42, 0.5];
  // Equal keys give every probability 1 / T; value vectors of the unit basis then show which keys were kept.
  const v = new Float32Array(size);
  for (let i = 0; i < B * T * NH; i++) v[i * HD + (Math.floor(i / NH) % T)] = T * (1 - p);
  const tensors = { q: new Float32Array(size), k: new Float32Array(size), v, lengths: Uint32Array.of(T, T), out: new Float32Array(size) };
  const lse = new Float32Array(B * NH * T);
  const { out } = await run({
    kernel: 'attention',
    tensors: { ...tensors, lse },
    uniforms: { B, T, S: T, prefix: 0, NH, first: 0, scale: 1, site, p },
    step,
    headSize: HD,
  });
  const key = randomKey(step.seed, step.micro_step, site);
  const kept = Array.from({ length: size }, (_, i) => {
    const [b, t, head, j] = [Math.floor(i / (T * NH * HD)), Math.floor(i / (NH * HD)) % T, Math.floor(i / HD) % NH, i % HD];
    return randomUniform(key, ((b * NH + head) * T + t) * T + j) >= p ? 1 : 0;
  });
  expect(Array.from(out as Words, Math.round)).toEqual(kept);
});

it.each([1, 3, 8])('uncoupling returns the very stream that was coupled, SHIFT %i, a million random integers', async (SHIFT) => {
  const count = 1_000_003;
  const key = randomKey(17, SHIFT, 0);
  const x = Int32Array.from({ length: count }, (_, i) => randomU32(key, i) | 0);
  const f = Float32Array.from({ length: count }, (_, i) => 40 * (randomUniform(key, count + i) - 0.5));
  const bits = new Uint32Array(Math.ceil(count / 32) * SHIFT);
  const scale = 2 ** 20;
  const coupled = await run({
    kernel: 'stream_couple',
    tensors: { x, f, bits, status: new Uint32Array(4) },
    uniforms: { count, slot: 0, scale },
    overrides: { SHIFT, KEEP_BITS: 1 },
  });
  expect(coupled.x).not.toEqual(x);
  const back = await run({
    kernel: 'stream_uncouple',
    tensors: { y: coupled.x as Words, f, bits: coupled.bits as Words },
    uniforms: { count, first: 0, scale },
    overrides: { SHIFT },
  });
  expect(Buffer.compare(Buffer.from(back.y?.buffer as ArrayBuffer), Buffer.from(x.buffer))).toBe(0);
});

/** Kernels that sum over rows into a parameter's gradient: their matrices [rows, width], what they add to [size], and what they take beside T and first. */
const rowSums: readonly {
  readonly kernel: KernelName;
  readonly matrices: Readonly<Record<string, number>>;
  readonly gradients: Readonly<Record<string, number>>;
  readonly uniforms: (rows: number) => Record<string, number>;
  readonly overrides?: Record<string, number>;
}[] = [
  {
    kernel: 'gemm_tn',
    matrices: { d_y: 20, x: 36 },
    gradients: { d_w: 720 },
    uniforms: (M) => ({ M, K: 36, N: 20, width: 20, column: 0, alpha: 0.3 }),
  },
  {
    kernel: 'gemm_tn',
    matrices: { d_y: 20, x: 36 },
    gradients: { d_w: 720, d_bias: 20 },
    uniforms: (M) => ({ M, K: 36, N: 20, width: 20, column: 0, alpha: 0.3 }),
    overrides: { BIAS: 1 },
  },
  // Several tiles of each form.
  {
    kernel: 'gemm_tn',
    matrices: { d_y: 132, x: 68 },
    gradients: { d_w: 132 * 68 },
    uniforms: (M) => ({ M, K: 68, N: 132, width: 132, column: 0, alpha: 0.3 }),
  },
  {
    kernel: 'gemm_tn_ragged',
    matrices: { d_y: 5, x: 9 },
    gradients: { d_w: 45 },
    uniforms: (M) => ({ M, K: 9, N: 5, alpha: 0.3 }),
  },
  { kernel: 'column_sum', matrices: { d_y: 80 }, gradients: { d_bias: 70 }, uniforms: (M) => ({ M, N: 70, width: 80, alpha: 0.3 }) },
  { kernel: 'column_dot', matrices: { d_y: 70, x: 70 }, gradients: { d_l: 70 }, uniforms: (N) => ({ N, C: 70 }) },
  {
    kernel: 'layer_norm_parameters',
    matrices: { d_y: 36, s: 36, stats: 2 },
    gradients: { d_weight: 36, d_bias: 36 },
    uniforms: (N) => ({ N, C: 36 }),
  },
  { kernel: 'rms_norm_weight', matrices: { d_y: 36, x: 36, rstd: 1 }, gradients: { d_weight: 36 }, uniforms: (N) => ({ N, C: 36 }) },
  // alpha is only read.
  { kernel: 'gate_alpha', matrices: { partials: 1 }, gradients: { alpha: 1, d_alpha: 1 }, uniforms: (N) => ({ N, temperature: 0.7 }) },
];

/** The first `rows` rows of examples of T, and where the blocks of at most 64 rows begin that a call may be cut at. */
const blocks: readonly { readonly T: number; readonly rows: number; readonly cuts: readonly number[] }[] = [
  { T: 1, rows: 29, cuts: [1, 3, 14, 28] },
  { T: 9, rows: 36, cuts: [9, 27] },
  { T: 150, rows: 300, cuts: [64, 128, 150, 278] },
  // More blocks than a workgroup of any form has lanes for.
  { T: 3, rows: 780, cuts: [51, 297] },
];

/** Each sum in its first form and in the others that can compute it. */
const formedSums = rowSums.flatMap((sum) =>
  [undefined, ...Object.keys(forms[sum.kernel] ?? {})].map((form) => ({
    ...sum,
    form,
    name: form ? `${sum.kernel}, ${form},` : sum.kernel,
  })),
);

const sumsOfRows = formedSums
  .flatMap((sum) => blocks.map((of) => ({ ...sum, ...of })))
  .filter(({ kernel, form, uniforms, T, rows }) => {
    const spec = form === undefined ? undefined : forms[kernel]?.[form];
    return spec?.fits?.({ kernel, uniforms: { ...uniforms(rows), T, first: 0 } }) ?? true;
  });

it.each(sumsOfRows)(
  '$name over some blocks of rows and then over the rest gives the bits of one call of the first form, T = $T',
  async ({ kernel, form, matrices, gradients, uniforms, overrides = {}, T, rows, cuts }) => {
    const whole = Object.fromEntries(Object.entries(matrices).map(([name, width]) => [name, normals(name, rows * width)]));
    const start = Object.fromEntries(Object.entries(gradients).map(([name, size]) => [name, normals(name, size)]));
    /** The gradients after the rows [begin, end). */
    const sum = async (
      from: Record<string, Words>,
      begin: number,
      end: number,
      own: string | undefined = form,
    ): Promise<Record<string, Words>> => {
      const part = Object.entries(matrices).map(([name, width]) => [name, whole[name]?.slice(begin * width, end * width)]);
      const tensors = { ...Object.fromEntries(part), ...from };
      const rows = { ...uniforms(end - begin), T, first: begin % T };
      const all = await run({ kernel, tensors, uniforms: rows, overrides, ...(own === undefined ? {} : { form: own }) });
      return Object.fromEntries(Object.keys(gradients).map((name) => [name, all[name] as Words]));
    };
    const once = await sum(start, 0, rows, undefined);
    expect(await sum(start, 0, rows)).toEqual(once);
    for (const cut of cuts) expect(await sum(await sum(start, 0, cut), cut, rows), `cut at ${cut}`).toEqual(once);
  },
);

it('a sum over rows is made by blocks of 64 rows of an example, each from zero, that are added in order', async () => {
  const [M, T, N] = [300, 150, 3];
  const d_y = normals('d_y', M * N);
  const d_bias = normals('d_bias', N);
  const wanted = d_bias.map((start, n) => {
    let sum = start;
    for (const [begin, end] of [
      [0, 64],
      [64, 128],
      [128, 150],
      [150, 214],
      [214, 278],
      [278, 300],
    ] as const) {
      let block = 0;
      for (let m = begin; m < end; m++) block = Math.fround(block + (d_y[m * N + n] as number));
      sum = Math.fround(sum + block);
    }
    return sum;
  });
  const made = await run({ kernel: 'column_sum', tensors: { d_y, d_bias }, uniforms: { M, N, width: N, T, first: 0, alpha: 1 } });
  expect(made['d_bias']).toEqual(wanted);
});

it('losses are added one by one to the sum that is there', async () => {
  const x = normals('x', 37);
  const sum = async (out: Words, from: number, to: number) =>
    (await run({ kernel: 'accumulate_sum', tensors: { x: x.slice(from, to), out }, uniforms: { count: to - from, slot: 1 } }))[
      'out'
    ] as Words;
  const start = normals('out', 3);
  expect(await sum(await sum(start, 0, 11), 11, 37)).toEqual(await sum(start, 0, 37));
});

it.each([1, 9, 150])('gradients of a table of one micro-batch, then of the next, have the bits of both at once, T = %i', async (T) => {
  const [B, C, rows] = [3, 8, 5];
  const ids = Uint32Array.from({ length: B * T }, (_, n) => (n * n + (n >> 3)) % rows);
  const d_h = normals('d_h', B * T * C);
  const add = async (d_table: Words, from: number, to: number): Promise<Words> => {
    const own = ids.slice(from * T, to * T);
    const tensors = { ids: own, chain: tokenChain(own), d_h: d_h.slice(from * T * C, to * T * C), d_table };
    const uniforms = { N: own.length, C, T, row_begin: 0, row_end: rows, rows, shift: 0 };
    return (await run({ kernel: 'embedding_backward', tensors, uniforms }))['d_table'] as Words;
  };
  const start = normals('d_table', rows * C);
  expect(await add(await add(start, 0, 1), 1, B)).toEqual(await add(start, 0, B));
});

it('dropout and attention of the last examples of a batch, as a part or as a slice, give the bits that they have in the whole batch', async () => {
  const [B, T, S, NH, HD, first] = [3, 9, 12, 2, 32, 1];
  const width = T * NH * HD;
  const keyWidth = S * NH * HD;
  const step = { seed: 5, micro_step: 6 };
  const site = 99;
  const p = 0.3;
  const rest = (words: Words, perExample: number) => words.slice(first * perExample);
  const x = normals('x', B * width);
  /** The last examples, as a part of the batch or as a slice of it that runs by itself. */
  const dropped = (from: number, first_example: number) =>
    run({
      kernel: 'dropout',
      tensors: { x: x.slice((from + first_example) * width) },
      uniforms: { count: (B - from - first_example) * width, first: from * width, example: width, site, p },
      step: { ...step, first_example },
    });
  const whole_x = (await dropped(0, 0)).x as Words;
  for (const [from, first_example] of [
    [first, 0],
    [0, first],
  ] as const)
    expect((await dropped(from, first_example)).x).toEqual(rest(whole_x, width));

  const sizes = { q: width, k: keyWidth, v: keyWidth, d_out: width, delta: NH * T, lse: NH * T, out: width, d_q: width };
  const whole = Object.entries(sizes).map(([name, size]) => {
    const values = normals(name, B * size);
    return [name, size, name === 'lse' ? values.map((value) => Math.abs(value) + 6) : values] as const;
  });
  const formed = (['attention', 'attention_backward_q', 'attention_backward_kv'] as const).flatMap((kernel) =>
    [{}, ...Object.keys(forms[kernel] ?? {}).map((form) => ({ form }))].map((own) => ({ kernel, ...own })),
  );
  for (const own of formed) {
    const from = (begin: number, first_example: number) =>
      run({
        ...own,
        tensors: {
          ...Object.fromEntries(whole.map(([name, size, values]) => [name, values.slice((begin + first_example) * size)])),
          lengths: Uint32Array.of(9, 4, 7).slice(first_example),
        },
        uniforms: { B: B - begin - first_example, T, S, prefix: S - T, NH, first: begin, scale: 0.4, site, p },
        step: { ...step, first_example },
        headSize: HD,
      });
    const [all, part, slice] = [await from(0, 0), await from(first, 0), await from(0, first)];
    for (const [name, size] of whole)
      if (all[name]) for (const last of [part, slice]) expect(last[name], `${JSON.stringify(own)} ${name}`).toEqual(rest(all[name], size));
  }
});

it('logits of a table in two ranges, and of few rows at a time with their loss, have the bits of one table and all rows', async () => {
  const [M, K, N, width, cut] = [21, 36, 73, 76, 40];
  const [x, w, bias] = [normals('x', M * K), normals('w', N * K), normals('bias', N)];
  const logitsOf = async (rows: readonly [number, number], ranges: readonly (readonly [number, number])[]) => {
    let out: Words = new Float32Array((rows[1] - rows[0]) * width);
    for (const [from, to] of ranges) {
      const tensors = { x: x.slice(rows[0] * K, rows[1] * K), w: w.slice(from * K, to * K), bias, out };
      const uniforms = { M: rows[1] - rows[0], K, N: to - from, width, column: from, alpha: 1, ...undropped };
      out = (await run({ kernel: 'gemm_nt', tensors, uniforms, overrides: { BIAS: 1 } })).out as Words;
    }
    return out;
  };
  const whole = await logitsOf([0, M], [[0, N]]);
  const ranged = await logitsOf(
    [0, M],
    [
      [0, cut],
      [cut, N],
    ],
  );
  expect(ranged).toEqual(whole);
  const labels = Int32Array.from({ length: M }, (_, i) => (i % 4 === 3 ? -100 : (5 * i) % N));
  const lossOf = (logits: Words, rows: readonly [number, number]) => {
    const tensors = { logits, labels: labels.slice(...rows), row_loss: new Float32Array(rows[1] - rows[0]) };
    const uniforms = { B: rows[1] - rows[0], V: N, width, smoothing: 0.1 };
    return run({ kernel: 'softmax_cross_entropy_wide', tensors, uniforms, overrides: { SMOOTHED: 1 } });
  };
  const all = await lossOf(whole, [0, M]);
  const last = await lossOf(await logitsOf([13, M], [[0, N]]), [13, M]);
  expect(last['row_loss']).toEqual(all['row_loss']?.slice(13));
  expect(last['logits']).toEqual(all['logits']?.slice(13 * width));
});

it('a grid of more than 65535 workgroups reaches every element and none beyond', async () => {
  const count = 65535 * 256 + 77;
  const { x } = await run({ kernel: 'clear', tensors: { x: new Uint32Array(count).fill(7) }, uniforms: { count } });
  expect((x as Words).every((word: number) => word === 0)).toBe(true);
});

const productForms = (['gemm_nt', 'gemm_nn'] as const).flatMap((kernel) =>
  Object.keys(forms[kernel] ?? {}).map((form) => ({ kernel, form })),
);

it.each(productForms)('rows of $kernel, $form, have the same bits among any number of rows', async ({ kernel, form }) => {
  const [M, K, N] = [130, 68, 132];
  const [x, d_y, w] = [normals('x', M * K), normals('d_y', M * N), normals('w', N * K)];
  const [inside, outside] = kernel === 'gemm_nt' ? [K, N] : [N, K];
  const own = kernel === 'gemm_nt' ? x : d_y;
  const rowsOf = async (from: number, to: number) => {
    const tensors = {
      [kernel === 'gemm_nt' ? 'x' : 'd_y']: own.slice(from * inside, to * inside),
      w,
      out: normals('out', (to - from) * outside),
    };
    const uniforms = { M: to - from, K, N, width: N, column: 0, alpha: 0.3, ...undropped };
    return (await run({ kernel, form, tensors, uniforms })).out as Words;
  };
  const whole = await rowsOf(0, M);
  for (const [from, to] of [
    [0, 1],
    [13, 64],
    [64, 130],
  ] as const)
    expect(await rowsOf(from, to), `${from} to ${to}`).toEqual(whole.slice(from * outside, to * outside));
});

it('products come out the same with subgroups and without', async () => {
  for (const [M, K, N, width, column] of [
    [45, 68, 100, 100, 0],
    // The last piece of a table of an odd number of rows.
    [45, 68, 101, 140, 36],
  ] as const) {
    const d_y = normals('d_y', M * width).map((value, i) => ((i % width) - column < N ? value : 0));
    const tensors = { x: normals('x', M * K), d_y, w: normals('w', N * K) };
    for (const kernel of ['gemm_nt', 'gemm_nn'] as const) {
      const product = {
        kernel,
        tensors: { ...tensors, out: new Float32Array(M * (kernel === 'gemm_nt' ? width : K)) },
        uniforms: { M, K, N, width, column, alpha: 0.3, ...undropped },
      };
      expect((await run({ ...product, form: 'subgroups' })).out, `${kernel} ${N}`).toEqual((await run(product)).out);
    }
  }
});

/** The cases of kernels that have a form, by kernel. */
const casesOf = (form: string, cases: readonly KernelCase[]): readonly (readonly [KernelName, readonly KernelCase[]])[] =>
  [...new Set(cases.map(({ kernel }) => kernel))]
    .filter((kernel) => forms[kernel]?.[form])
    .map((kernel) => [kernel, cases.filter((test) => test.kernel === kernel)] as const);

/** What all rows read: a vector of the columns, or one number. */
const ofAllRows = new Set(['weight', 'bias', 'weights', 'alpha']);

it.each(casesOf('row', [...rowCases, ...recurrentCases, ...headCases]))(
  '%s, row, gives the last rows alone the bits that they have among all rows',
  async (_, cases) => {
    for (const { tensors, uniforms, ...test } of cases) {
      const rows = uniforms['N'] ?? (uniforms['B'] as number);
      const from = Math.floor(rows / 3);
      const rest = (name: string, words: Words) => (ofAllRows.has(name) ? words : words.slice((from * words.length) / rows));
      const all = await run({ ...test, tensors, uniforms, form: 'row' });
      const last = await run({
        ...test,
        tensors: Object.fromEntries(Object.entries(tensors).map(([name, words]) => [name, rest(name, words)])),
        uniforms: {
          ...uniforms,
          [uniforms['N'] === undefined ? 'B' : 'N']: rows - from,
          // Dropout counts elements from the first of the batch.
          ...(uniforms['first'] === undefined ? {} : { first: uniforms['first'] + from * (uniforms['C'] as number) }),
        },
        form: 'row',
      });
      for (const [name, words] of Object.entries(all)) expect(last[name], `${test.name}: ${name}`).toEqual(rest(name, words));
    }
  },
);

it.each(casesOf('strided', elementCases))('%s, strided, gives the bits of the first form', async (_, cases) => {
  for (const test of cases) expect(await run({ ...test, form: 'strided' }), test.name).toEqual(await run(test));
});
