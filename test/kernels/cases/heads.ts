// Cases of what stands above a backbone: losses and their sum, rows that are gathered for a head.
import { integers, type KernelCase, normals, unset } from './case.ts';

/** Every third row has no label, and some a label that is no class. */
const labelsOf = (B: number, V: number): Int32Array<ArrayBuffer> =>
  Int32Array.from(integers('labels', B, 0, V), (label, b) => (b % 3 === 1 ? -100 : b % 7 === 5 ? V + (b % 2) * 1e9 : label));

const step = { inverse_count: 0.125 };

const classes: KernelCase[] = (
  [
    ['one row', 1, 2],
    ['ragged', 5, 11],
    ['several workgroups', 130, 37],
    ['two turns of 64 lanes a row, one of them ragged', 5, 75],
  ] as const
).flatMap(([name, B, V]) =>
  [{}, { WEIGHTED: 1 }, { SMOOTHED: 1 }, { WEIGHTED: 1, SMOOTHED: 1 }].map(
    (overrides: Record<string, number>): KernelCase => ({
      kernel: 'softmax_cross_entropy',
      name: [name, ...Object.keys(overrides)].join(' '),
      tensors: {
        logits: normals('logits', B * V, 4),
        labels: labelsOf(B, V),
        ...(overrides['WEIGHTED'] ? { weights: Float32Array.from({ length: V }, (_, c) => (c % 5) / 2) } : {}),
        row_loss: unset(B),
      },
      uniforms: { B, V, smoothing: 0.1 },
      overrides,
      step,
    }),
  ),
);

const vocabulary: KernelCase[] = (
  [
    ['one row of one word', 1, 1, 4],
    ['a row that one workgroup takes in one turn', 4, 256, 256],
    ['an odd number of words', 5, 1031, 1032],
    ['more columns than words, some lanes without any', 7, 100, 120],
  ] as const
).flatMap(([name, B, V, width]) =>
  [{}, { SMOOTHED: 1 }, { LOG_LIKELIHOOD: 1 }].map(
    (overrides: Record<string, number>): KernelCase => ({
      kernel: 'softmax_cross_entropy_wide',
      name: [name, ...Object.keys(overrides)].join(' '),
      // Past the words: numbers that would show in any sum.
      tensors: {
        logits: normals('logits', B * width, 4).map((logit, i) => (i % width < V ? logit : 1e4)),
        labels: labelsOf(B, V),
        row_loss: unset(B),
      },
      uniforms: { B, V, width, smoothing: 0.1 },
      overrides,
      step,
    }),
  ),
);

const farApart: KernelCase[] = [
  {
    kernel: 'softmax_cross_entropy',
    name: 'logits hundreds apart',
    tensors: { logits: Float32Array.of(400, -400, 0, -1e4, 1e4, 0), labels: Int32Array.of(1, 1), row_loss: unset(2) },
    uniforms: { B: 2, V: 3, smoothing: 0 },
  },
  {
    kernel: 'softmax_cross_entropy_wide',
    name: 'logits hundreds apart',
    tensors: { logits: Float32Array.of(400, -400, 0, 0, -1e4, 1e4, 0, 0), labels: Int32Array.of(1, 1), row_loss: unset(2) },
    uniforms: { B: 2, V: 3, width: 4, smoothing: 0 },
  },
];

const numbers: KernelCase[] = (
  [
    ['one row', 1, 1],
    ['exactly one workgroup', 64, 1],
    ['several workgroups', 150, 1],
    ['several outputs', 70, 3],
  ] as const
).map(
  ([name, N, K]): KernelCase => ({
    kernel: 'mean_squared_error',
    name,
    tensors: {
      outputs: normals('outputs', N * K, 3),
      targets: normals('targets', N * K, 3).map((target, i) => (i % (3 * K) === K ? 3.4e38 : target)),
      row_loss: unset(N),
    },
    uniforms: { N, K },
    step,
  }),
);

const rows: KernelCase[] = (
  [
    ['one row of one', 1, 1, 4],
    ['exactly one workgroup', 32, 16, 16],
    ['several workgroups, ragged, some of no row', 41, 30, 36],
  ] as const
).flatMap(([name, N, R, C]): KernelCase[] => {
  // Distinct rows in no order, and every fifth none: past the end, or the largest number there is.
  const chosen = Uint32Array.from({ length: R }, (_, r) => (r % 5 === 4 ? N + (r % 2) * (0xffffffff - N) : (r * 7 + 3) % N));
  return [
    { kernel: 'gather_rows', name, tensors: { x: normals('x', N * C), rows: chosen, y: unset(R * C) }, uniforms: { N, R, C } },
    { kernel: 'scatter_rows', name, tensors: { y: normals('y', R * C), rows: chosen, x: normals('x', N * C) }, uniforms: { N, R, C } },
  ];
});

const sum: KernelCase = {
  kernel: 'accumulate_sum',
  name: 'into a slot',
  tensors: { x: normals('x', 37), out: Float32Array.of(1, 2, 3) },
  uniforms: { count: 37, slot: 1 },
};

export const headCases: readonly KernelCase[] = [...classes, ...vocabulary, ...farApart, ...numbers, ...rows, sum];
