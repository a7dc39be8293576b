// Cases of the kernels of linear layers: three products, their ragged forms, and the column sum.
import { activationCode } from '../../../src/kernels/table.ts';
import { dropped, droppedStep, exampleRows, halves, type KernelCase, normals, unset } from './case.ts';

/** `width` and `column`: the N columns lie in wider rows. */
type Shape = readonly [name: string, M: number, K: number, N: number, width?: number, column?: number];

const even: readonly Shape[] = [
  ['one row', 1, 4, 4],
  ['ragged', 7, 12, 20],
  ['one workgroup of gemm_nt exactly', 32, 32, 32],
  ['one workgroup of gemm_nn exactly', 64, 32, 12],
  ['one workgroup of gemm_tn exactly', 9, 32, 64],
  ['eight columns, as an adapter', 33, 132, 8],
  ['several workgroups', 101, 68, 100],
  ['one column, in rows of four', 1, 4, 1, 4, 0],
  ['an odd number of columns', 9, 12, 7, 8, 0],
  ['columns of wider rows', 33, 36, 40, 100, 20],
  ['the last columns of wider rows, an odd number', 40, 36, 67, 168, 100],
];

/** For forms with large tiles. What is done with a sum does not depend on them, so that one way of it is enough. */
const tiles: readonly Shape[] = [
  ['tiles of 64 and 128 exactly', 128, 64, 128],
  ['several tiles of 64 and 128', 130, 68, 132],
];

/** The sizes of a product as uniforms: those of the ragged kernels have no wider rows. */
const sizes = (kernel: string, [, M, K, N, width = N, column = 0]: Shape) =>
  kernel.endsWith('ragged') ? { M, K, N, alpha: 0.75 } : { M, K, N, width, column, alpha: 0.75 };

/** Gradients [M, width], with zeros past the N columns. */
const gradients = ([, M, , N, width = N, column = 0]: Shape) =>
  normals('d_y', M * width).map((value, i) => ((i % width) - column < N ? value : 0));

const odd: readonly Shape[] = [
  ['one element', 1, 1, 1],
  ['ragged', 9, 5, 3],
  ['one workgroup exactly', 8, 8, 8],
  ['rows of whole vec4s, but not as many', 5, 12, 6],
  ['as many rows as whole vec4s, of odd length', 3, 7, 8],
  ['several workgroups', 33, 17, 19],
];

type Overrides = Readonly<Record<string, number>>;

const epilogues: readonly Overrides[] = [
  {},
  { BIAS: 1 },
  { BIAS: 1, ACTIVATION: activationCode.gelu },
  { BIAS: 1, ACTIVATION: activationCode.gelu, KEEP_PRE: 1 },
  { BIAS: 1, ACTIVATION: activationCode.tanh },
  { BIAS: 1, ACTIVATION: activationCode.relu, ACCUMULATE: 1 },
  { BIAS: 1, ACTIVATION: activationCode.gelu_new, KEEP_PRE: 1 },
  { ACCUMULATE: 1 },
  { BIAS: 1, ACCUMULATE: 2, DROPOUT: 1 },
  { ACCUMULATE: 3 },
  { DROPOUT: 1 },
  { BIAS: 1, ACTIVATION: activationCode.gelu, KEEP_PRE: 1, DROPOUT: 1 },
  { BIAS: 1, ACTIVATION: activationCode.relu, KEEP_PRE: 2, DROPOUT: 1 },
];
const slopes: readonly Overrides[] = [
  {},
  { ACCUMULATE: 1 },
  { ACTIVATION: activationCode.gelu },
  { ACTIVATION: activationCode.tanh },
  { ACTIVATION: activationCode.relu },
  { ACTIVATION: activationCode.gelu_new },
  { DROPOUT: 1 },
  { DROPOUT: 1, ACTIVATION: activationCode.gelu },
  { ACCUMULATE: 2 },
  { ACCUMULATE: 3, DROPOUT: 1 },
  { ACCUMULATE: 1, DROPOUT: 2 },
];

const described = (name: string, overrides: Overrides): string =>
  [name, ...Object.entries(overrides).map(([key, value]) => `${key}=${value}`)].join(' ');

const forward = (kernel: 'gemm_nt' | 'gemm_nt_ragged', shapes: readonly Shape[], chosen: readonly Overrides[] = epilogues): KernelCase[] =>
  shapes.flatMap((shape) => {
    const [name, M, K, N, width = N, column = 0] = shape;
    // Columns of wider rows, and rows of any width, are not dropped.
    const whole = kernel === 'gemm_nt' && width === N;
    const fields = kernel === 'gemm_nt' ? dropped : {};
    return chosen
      .filter(({ DROPOUT, ACCUMULATE = 0 }) => whole || !(DROPOUT || ACCUMULATE >= 2))
      .map((overrides) => ({
        kernel,
        name: described(name, overrides),
        tensors: {
          x: normals('x', M * K),
          w: halves('w', N * K),
          ...(overrides.BIAS ? { bias: normals('bias', column + N) } : {}),
          out: normals('out', M * width),
          ...(overrides['KEEP_PRE'] ? { pre: unset(M * width) } : {}),
          ...((overrides['ACCUMULATE'] ?? 0) >= 2 ? { pre: normals('pre', M * width) } : {}),
        },
        uniforms: { ...sizes(kernel, shape), ...fields },
        overrides,
        step: droppedStep,
      }));
  });

const inputGradient = (
  kernel: 'gemm_nn' | 'gemm_nn_ragged',
  shapes: readonly Shape[],
  chosen: readonly Overrides[] = slopes,
): KernelCase[] =>
  shapes.flatMap((shape) => {
    const [name, M, K, N] = shape;
    return chosen
      .filter(({ DROPOUT = 0, ACCUMULATE = 0 }) => kernel === 'gemm_nn' || (DROPOUT < 2 && ACCUMULATE < 2 && !(DROPOUT && ACCUMULATE)))
      .map((overrides) => ({
        kernel,
        name: described(name, overrides),
        tensors: {
          ...{ d_y: gradients(shape), w: halves('w', N * K), out: halves('out', M * K) },
          ...(overrides.ACTIVATION || (overrides['ACCUMULATE'] ?? 0) >= 2 ? { argument: halves('argument', M * K) } : {}),
        },
        uniforms: { ...sizes(kernel, shape), ...dropped },
        overrides,
        step: droppedStep,
      }));
  });

const weightGradient = (kernel: 'gemm_tn' | 'gemm_tn_ragged', shapes: readonly Shape[], rowsOf = exampleRows): KernelCase[] =>
  shapes.flatMap((shape) =>
    rowsOf.flatMap((rows) => {
      const [name, M, K, N, width = N] = shape;
      const biases = width === N ? [0, 1] : [0];
      return biases.map((BIAS) => ({
        kernel,
        name: described(name, { ...rows, BIAS }),
        tensors: {
          ...{ d_y: gradients(shape), x: normals('x', M * K), d_w: normals('d_w', N * K) },
          ...(BIAS ? { d_bias: normals('d_bias', N) } : {}),
        },
        uniforms: { ...sizes(kernel, shape), ...rows },
        overrides: { BIAS },
      }));
    }),
  );

const columnSum: KernelCase[] = (
  [
    ['one element', 1, 1, 1],
    ['ragged', 9, 70, 70],
    ['the first columns of longer rows', 9, 70, 91],
    ['several workgroups', 140, 256, 256],
  ] as const
).flatMap(([name, M, N, width]) =>
  exampleRows.map((rows) => ({
    kernel: 'column_sum',
    name: described(name, rows),
    tensors: { d_y: normals('d_y', M * width), d_bias: normals('d_bias', N) },
    uniforms: { M, N, width, ...rows, alpha: 0.75 },
  })),
);

export const linearCases: readonly KernelCase[] = [
  ...forward('gemm_nt', even),
  ...forward('gemm_nt', tiles, [{ BIAS: 1, ACTIVATION: activationCode.gelu, KEEP_PRE: 1, DROPOUT: 1 }]),
  ...forward('gemm_nt_ragged', odd),
  ...inputGradient('gemm_nn', even),
  ...inputGradient('gemm_nn', tiles, [{ ACTIVATION: activationCode.gelu, DROPOUT: 1 }]),
  ...inputGradient('gemm_nn_ragged', odd),
  ...weightGradient('gemm_tn', even),
  ...weightGradient('gemm_tn', tiles, exampleRows.slice(2, 3)),
  ...weightGradient('gemm_tn_ragged', odd),
  ...columnSum,
];
