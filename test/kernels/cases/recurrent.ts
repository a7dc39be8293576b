// Cases of the kernels of side networks: RMS norm, recurrent cells, gates, mixing over tokens.
import { exampleRows, type KernelCase, normals, unset } from './case.ts';

const rmsNorm: KernelCase[] = (
  [
    ['one row', 1, 4],
    ['one workgroup exactly', 64, 64],
    ['ragged', 67, 20],
    ['several workgroups', 129, 96],
    ['two turns of 64 lanes a row, one of them ragged', 3, 300],
  ] as const
).flatMap(([name, N, C]): KernelCase[] => {
  const size = N * C;
  const given = { x: normals('x', size, 3), rstd: normals('rstd', N).map(Math.abs), weight: normals('weight', C) };
  const { x, rstd, weight } = given;
  return [
    { kernel: 'rms_norm', name, tensors: { x, weight, y: unset(size), rstd: unset(N) }, uniforms: { N, C, eps: 1e-6 } },
    { kernel: 'rms_norm_backward', name, tensors: { d_y: normals('d_y', size), x, rstd, weight }, uniforms: { N, C } },
    ...exampleRows.map(
      (rows): KernelCase => ({
        kernel: 'rms_norm_weight',
        name: `${name} T=${rows.T}`,
        tensors: { d_y: normals('d_y', size), x, rstd, d_weight: normals('d_weight', C) },
        uniforms: { N, C, ...rows },
      }),
    ),
  ];
});

/** The values of gates: in (0, 1) as those of sigmoids, in (-1, 1) as those of tanh. */
const shares = (name: string, count: number) => normals(name, count).map((value) => 0.5 + 0.5 * Math.tanh(value));
const squashed = (name: string, count: number) => normals(name, count).map(Math.tanh);

const cells: KernelCase[] = (
  [
    ['one element', 1, 1],
    ['one workgroup exactly', 8, 32],
    ['ragged', 7, 37],
    ['several workgroups', 33, 40],
  ] as const
).flatMap(([name, N, H]): KernelCase[] => {
  const size = N * H;
  const uniforms = { N, H };
  // Wide enough for gates at both ends.
  const products = (words: string, gates: number) => normals(words, gates * size, 6);
  const [h, c, d_h] = [squashed('h', size), normals('c', size), normals('d_h', size)];
  return [
    ...[0, 1].flatMap((KEEP): KernelCase[] => [
      {
        kernel: 'gru_cell',
        name: `${name} KEEP=${KEEP}`,
        tensors: { gi: products('gi', 3), gh: products('gh', 3), h, h_next: unset(size), hidden_n: unset(size) },
        uniforms,
        overrides: { KEEP },
      },
      {
        kernel: 'lstm_cell',
        name: `${name} KEEP=${KEEP}`,
        tensors: { gates: products('gates', 4), c, h_next: unset(size), c_next: unset(size) },
        uniforms,
        overrides: { KEEP },
      },
    ]),
    {
      kernel: 'gru_cell_backward',
      name,
      tensors: { d_h, gates: shares('gates', 3 * size), hidden_n: normals('hidden_n', size), h, d_gh: unset(3 * size) },
      uniforms,
    },
    {
      kernel: 'lstm_cell_backward',
      name,
      tensors: { d_h, d_c: normals('d_c', size), gates: shares('gates', 4 * size), c, c_next: normals('c_next', size) },
      uniforms,
    },
  ];
});

const gates: KernelCase[] = (
  [
    ['one element', 1, 1, 0],
    ['one workgroup exactly', 64, 4, 0.3],
    ['ragged', 67, 13, -0.05],
    ['several workgroups', 130, 24, 100],
    ['two turns of 64 lanes a row, one of them ragged', 2, 75, 0.3],
  ] as const
).flatMap(([name, N, C, value]): KernelCase[] => {
  const count = N * C;
  const alpha = Float32Array.of(value);
  const temperature = 0.1;
  const partials = normals('partials', N);
  return [
    { kernel: 'gate', name, tensors: { alpha, a: normals('a', count), b: normals('b', count) }, uniforms: { count, temperature } },
    {
      kernel: 'gate_backward',
      name,
      tensors: { alpha, d_y: normals('d_y', count), difference: normals('difference', count), partials: unset(N) },
      uniforms: { N, C, temperature },
    },
    ...exampleRows.map(
      (rows): KernelCase => ({
        kernel: 'gate_alpha',
        name: `${name} T=${rows.T}`,
        tensors: { alpha, partials, d_alpha: normals('d_alpha', 1) },
        uniforms: { N, ...rows, temperature },
      }),
    ),
  ];
});

const mixing: KernelCase[] = (
  [
    ['one token', 1, 1, 1, 4, [1], 0],
    ['one workgroup exactly', 1, 32, 2, 16, [32], 0],
    ['ragged, one empty, from the third example on', 3, 9, 3, 8, [1, 2, 9, 0, 4], 2],
    ['several workgroups', 2, 42, 2, 32, [40, 33], 0],
  ] as const
).flatMap(([name, B, T, NH, HD, lengths, first]): KernelCase[] => {
  const C = NH * HD;
  const size = B * T * C;
  const p = shares('p', B * T * T);
  return [
    ...[0, 1].map(
      (CAUSAL): KernelCase => ({
        kernel: 'attention_probabilities',
        name: `${name} CAUSAL=${CAUSAL}`,
        tensors: {
          q: normals('q', size),
          k: normals('k', size),
          // Above every score, as a true log-sum-exp is.
          lse: normals('lse', B * NH * T).map((value) => Math.abs(value) + 6),
          lengths: Uint32Array.from(lengths),
          p: unset(B * T * T),
        },
        uniforms: { B, T, NH, first, scale: 1 / Math.sqrt(HD) },
        overrides: { CAUSAL },
        headSize: HD,
      }),
    ),
    ...[0, 1].map(
      (TRANSPOSED): KernelCase => ({
        kernel: 'token_mix',
        name: `${name} TRANSPOSED=${TRANSPOSED}`,
        tensors: { p, x: normals('x', size), y: unset(size) },
        uniforms: { B, T, C },
        overrides: { TRANSPOSED },
      }),
    ),
    {
      kernel: 'copy_columns',
      name,
      tensors: { x: normals('x', T * (C + 3)), y: unset(T * (C + 5)) },
      uniforms: { N: T, C, x_width: C + 3, x_from: 2, y_width: C + 5, y_from: 4 },
    },
  ];
});

export const recurrentCases: readonly KernelCase[] = [...rmsNorm, ...cells, ...gates, ...mixing];
