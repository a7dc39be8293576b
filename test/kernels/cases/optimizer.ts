// Cases of the kernels of an update: clipping and the optimizers. Signs of Lion's mean are exact where it is a sum that f32 holds; random numbers are
// never so near 0 that rounding would turn one.
import { type KernelCase, normals, unset } from './case.ts';

const sizes: readonly (readonly [string, number])[] = [
  ['one element', 1],
  ['ragged', 259],
  ['one workgroup exactly', 2048],
  ['several workgroups', 5003],
];

/** The clip factor stands behind the norm. */
const scalars = () => Float32Array.of(7, 0.5);

const elementwise = ([name, count]: readonly [string, number]): KernelCase[] => {
  const range = () => ({ parameter: normals('parameter', count), gradient: normals('gradient', count), scalars: scalars() });
  const numbers = { count, slot: 1, weight_decay: 0.01, lr_scale: 2 };
  return [
    ...[64, 1024].map(
      (sums): KernelCase => ({
        kernel: 'square_sum',
        name: `${name}, ${sums} sums`,
        tensors: { g: normals('g', count), partials: unset(sums + 5) },
        uniforms: { count, offset: 5, sums },
      }),
    ),
    {
      kernel: 'adamw',
      name,
      tensors: { ...range(), exp_avg: normals('exp_avg', count), exp_avg_sq: normals('exp_avg_sq', count).map(Math.abs) },
      uniforms: { ...numbers, beta1: 0.9, beta2: 0.999, eps: 1e-8 },
      step: { learning_rate: 0.01, bias_correction1: 0.3, bias_correction2_sqrt: 0.05 },
    },
    {
      kernel: 'sgd',
      name: `${name} with momentum`,
      tensors: { ...range(), momentum_buffer: normals('momentum_buffer', count) },
      uniforms: { ...numbers, momentum: 0.9 },
      overrides: { MOMENTUM: 1 },
    },
    { kernel: 'sgd', name, tensors: range(), uniforms: { ...numbers, momentum: 0 }, overrides: { MOMENTUM: 0 } },
    {
      kernel: 'lion',
      name,
      tensors: { ...range(), exp_avg: normals('exp_avg', count) },
      uniforms: { ...numbers, beta1: 0.9, beta2: 0.99 },
    },
  ];
};

const clipping: KernelCase[] = (
  [
    ['no limit', 2048, 0],
    ['above the limit', 2048, 0.5],
    ['below the limit', 2048, 1000],
    ['one sum', 1, 0.5],
    ['a ragged number of sums', 1025, 0.5],
  ] as const
).map(([name, count, max_grad_norm]) => ({
  kernel: 'clip_scale',
  name,
  tensors: { partials: normals('partials', count).map(Math.abs), out: unset(4) },
  uniforms: { count, slot: 1 },
  step: { max_grad_norm },
}));

/** A gradient and a mean of 0 have no sign: the parameter only decays. */
const lionAtZero: KernelCase = {
  kernel: 'lion',
  name: 'nothing to follow',
  tensors: { parameter: normals('parameter', 5), gradient: new Float32Array(5), exp_avg: new Float32Array(5), scalars: scalars() },
  uniforms: { count: 5, slot: 1, weight_decay: 0.01, lr_scale: 1, beta1: 0.9, beta2: 0.99 },
};

const matrices: readonly (readonly [string, number, number])[] = [
  ['one element', 1, 1],
  ['exactly one workgroup of columns', 4, 64],
  ['ragged', 67, 13],
  ['several workgroups', 9, 200],
];

/** A matrix of R rows and, for the sums over rows, as the last R of some rows more: a piece of a split table. */
const adafactor = ([name, R, C]: readonly [string, number, number]): KernelCase[] => {
  const gradient = () => normals('gradient', R * C);
  const positive = (label: string, count: number) => normals(label, count).map((value) => Math.abs(value) + 0.01);
  const [row, column] = [positive('row', R), positive('column', C)];
  const size = { R, C, slot: 1 };
  const piece = { begin: 5, rows: R + 5 };
  const step = { beta2_t: 0.7, learning_rate: 0.01 };
  return [
    { kernel: 'adafactor_row', name, tensors: { gradient: gradient(), row, scalars: scalars() }, uniforms: { ...size, eps: 0.1 }, step },
    ...[{ begin: 0, rows: R }, piece].map(
      (part): KernelCase => ({
        kernel: 'adafactor_column',
        name: `${name} from row ${part.begin}`,
        tensors: { gradient: gradient(), column, scalars: scalars() },
        uniforms: { ...size, ...part, eps: 0.1 },
        step,
      }),
    ),
    ...[0, 1].flatMap((FACTORED): KernelCase[] => [
      {
        kernel: 'adafactor_sums',
        name: `${name} FACTORED=${FACTORED}`,
        tensors: { gradient: gradient(), row, column, partials: unset(2 * piece.rows), scalars: scalars() },
        uniforms: { ...size, ...piece },
        overrides: { FACTORED },
      },
      ...[0.1, 100].map(
        (clip_threshold): KernelCase => ({
          kernel: 'adafactor_scale',
          name: `${name} FACTORED=${FACTORED}, clipped at ${clip_threshold}`,
          tensors: { partials: positive('partials', 2 * R), factors: unset(2) },
          uniforms: { rows: R, C, clip_threshold },
          overrides: { FACTORED },
        }),
      ),
      {
        kernel: 'adafactor',
        name: `${name} FACTORED=${FACTORED}`,
        tensors: {
          parameter: normals('parameter', R * C),
          gradient: gradient(),
          row,
          column,
          factors: Float32Array.of(0.5, 0.25),
          scalars: scalars(),
        },
        uniforms: { ...size, weight_decay: 0.01, lr_scale: 2 },
        overrides: { FACTORED },
        step,
      },
    ]),
  ];
};

export const optimizerCases: readonly KernelCase[] = [
  ...sizes.flatMap(elementwise),
  ...clipping,
  lionAtZero,
  ...matrices.flatMap(adafactor),
];
