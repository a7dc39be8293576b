// Cases of the kernels that work row by row: layer norm, embedding, pooling.
import { undropped } from '../../../src/kernels/table.ts';
import { dropped, droppedStep, exampleRows, halves, integers, type KernelCase, normals, unset } from './case.ts';

const layerNorm: KernelCase[] = (
  [
    ['one row', 1, 4],
    ['ragged', 67, 20],
    ['several workgroups', 129, 96],
    ['two turns of 64 lanes a row, one of them ragged', 3, 300],
  ] as const
).flatMap(([name, N, C]) => {
  const size = N * C;
  const stats = Float32Array.from({ length: 2 * N }, (_, i) => (i % 2 ? 1 + (i % 5) / 4 : (i % 7) / 8));
  return [
    {
      kernel: 'layer_norm',
      name,
      tensors: {
        // A mean that is large beside the deviation, where a one-pass variance would lose its digits.
        x: normals('x', size).map((value) => value + 30),
        weight: normals('weight', C),
        bias: normals('bias', C),
        y: unset(size),
        stats: unset(2 * N),
      },
      uniforms: { N, C, eps: 1e-12, ...undropped },
      overrides: { RESIDUAL: 0, DROPOUT: 0 },
    },
    {
      kernel: 'layer_norm',
      name: `${name} with a residual`,
      tensors: {
        x: normals('x', size),
        residual: normals('residual', size),
        weight: normals('weight', C),
        bias: normals('bias', C),
        y: unset(size),
        stats: unset(2 * N),
      },
      uniforms: { N, C, eps: 1e-5, ...dropped },
      overrides: { RESIDUAL: 1, DROPOUT: 1 },
      step: droppedStep,
    },
    ...[
      { DROPOUT: 0, APART: 0 },
      { DROPOUT: 1, APART: 0 },
      { DROPOUT: 2, APART: 0 },
      { DROPOUT: 0, APART: 1 },
      { DROPOUT: 1, APART: 1 },
      { DROPOUT: 1, APART: 2 },
    ].map((overrides) => ({
      kernel: 'layer_norm_backward' as const,
      name: `${name} ${JSON.stringify(overrides)}`,
      tensors: {
        ...{ d_y: normals('d_y', size), s: normals('s', size), stats, weight: normals('weight', C) },
        ...(overrides.DROPOUT === 1 ? { dropped: unset(size) } : {}),
        ...(overrides.APART ? { d_s: unset(size) } : {}),
      },
      uniforms: { N, C, ...dropped, scale: 0.125 },
      overrides,
      step: droppedStep,
    })),
    ...[0, 1].flatMap((BIAS) =>
      exampleRows.map((rows) => ({
        kernel: 'layer_norm_parameters' as const,
        name: `${name} BIAS=${BIAS} T=${rows.T}`,
        tensors: {
          d_y: normals('d_y', size),
          s: normals('s', size),
          stats,
          d_weight: normals('d_weight', C),
          ...(BIAS ? { d_bias: normals('d_bias', C) } : {}),
        },
        uniforms: { N, C, ...rows },
        overrides: { BIAS },
      })),
    ),
  ] satisfies KernelCase[];
});

const columns: KernelCase[] = (
  [
    ['one element', 1, 1],
    ['exactly one workgroup', 4, 64],
    ['ragged', 9, 70],
    ['several workgroups', 140, 256],
  ] as const
).flatMap(([name, N, C]): KernelCase[] => {
  const size = N * C;
  const shared = { name, uniforms: { N, C } };
  const given = { x: normals('x', size), l: normals('l', C) };
  return [
    { ...shared, kernel: 'scale_columns', tensors: { ...given, y: unset(size) }, overrides: { IN_PLACE: 0 } },
    { ...shared, kernel: 'scale_columns', tensors: given, overrides: { IN_PLACE: 1 } },
    // Of width 0, x is one row that every row of y takes.
    {
      kernel: 'copy_columns',
      name,
      tensors: { x: given.l, y: unset(N * (C + 2)) },
      uniforms: { N, C, x_width: 0, x_from: 0, y_width: C + 2, y_from: 1 },
    },
    ...exampleRows.map(
      (rows): KernelCase => ({
        kernel: 'column_dot',
        name: `${name} T=${rows.T}`,
        tensors: { d_y: normals('d_y', size), x: given.x, d_l: normals('d_l', C) },
        uniforms: { N, C, ...rows },
      }),
    ),
  ];
});

/** For each token the next one with the same id + 1, or 0; the top bit where it is the first. */
function chainOf(ids: readonly number[]): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(ids, (id, n) => {
    const first = ids.indexOf(id) === n ? 2 ** 31 : 0;
    return first + ids.indexOf(id, n + 1) + 1;
  });
}

const embedding: KernelCase[] = (
  [
    ['one token', 1, 1, 0, 4, 0, 5],
    ['exactly one workgroup', 2, 8, 0, 16, 0, 9],
    ['a piece of the table', 1, 11, 0, 12, 2, 5],
    ['several workgroups, several blocks', 2, 135, 0, 36, 0, 9],
    ['one token after a prompt of one', 1, 1, 1, 4, 0, 5],
    ['a piece of the table, after a prompt', 3, 5, 3, 12, 2, 5],
    ['several workgroups, with prompts', 2, 20, 15, 36, 0, 9],
    ['ids past the ends of their tables', 3, 11, 0, 12, 0, 9],
    ['ids past the ends of their tables, the first piece', 3, 11, 0, 12, 0, 4],
    ['ids past the ends of their tables, a later piece, after a prompt', 3, 7, 3, 12, 4, 9],
  ] as const
).flatMap(([name, B, T, P, C, row_begin, row_end]) => {
  const N = B * T;
  const S = P + T;
  const shift = P === 0 ? 0 : 1;
  const past = name.startsWith('ids past');
  /** Every fourth id is one that no table has: the next one, and the largest there is. */
  const some = (ids: readonly number[], rows: number): Uint32Array<ArrayBuffer> =>
    Uint32Array.from(ids, (id, n) => (past && n % 4 === 1 ? (n % 8 === 1 ? rows : 0xffffffff) : id));
  const ids = some(integers('ids', N, 0, row_begin === 0 && !past ? row_end : 9), 9);
  const rows = row_end - row_begin;
  return [
    {
      kernel: 'embedding',
      name,
      tensors: {
        ...{ ids, table: halves('table', rows * C), h: unset(B * T * C) },
      },
      uniforms: { B, S: T, P: 0, C, row_begin, row_end, rows: 9, shift, before: 0, step: 0 },
    },
    ...[0, 1].map(
      (step): KernelCase => ({
        kernel: 'embedding',
        name: `${name}, added, step ${step}`,
        tensors: { ids, table: halves('table', rows * C), h: normals('h', B * S * C) },
        uniforms: { B, S, P, C, row_begin, row_end, rows: 9, shift, before: 1, step },
        overrides: { ACCUMULATE: 1 },
      }),
    ),
    {
      kernel: 'embedding_backward',
      name,
      tensors: { ids, chain: chainOf([...ids]), d_h: normals('d_h', N * C), d_table: normals('d_table', rows * C) },
      uniforms: { N, C, T, row_begin, row_end, rows: 9, shift },
    },
  ] satisfies KernelCase[];
});

const lengths: KernelCase[] = (
  [
    ['one example', 1],
    ['exactly one workgroup', 64],
    ['several workgroups, ragged', 70],
  ] as const
).map(([name, B]) => ({
  kernel: 'add_to_lengths',
  name,
  tensors: { lengths: Uint32Array.from(integers('lengths', B, 0, 512)), longer: new Uint32Array(B) },
  uniforms: { B, rows: 20 },
}));

const pooling: KernelCase[] = (
  [
    ['one row', 1, 1, 4, [1]],
    ['ragged, one empty', 3, 5, 12, [5, 0, 2]],
    ['several workgroups', 5, 9, 100, [9, 3, 1, 7, 8]],
  ] as const
).flatMap(([name, B, T, C, lengths]) =>
  [0, 1, 2].flatMap((MODE): KernelCase[] => [
    {
      kernel: 'pool',
      name: `${name} MODE=${MODE}`,
      tensors: { h: normals('h', B * T * C), lengths: Uint32Array.from(lengths), pooled: unset(B * C) },
      uniforms: { B, T, C },
      overrides: { MODE },
    },
    {
      kernel: 'pool_backward',
      name: `${name} MODE=${MODE}`,
      tensors: { d_pooled: normals('d_pooled', B * C), lengths: Uint32Array.from(lengths), d_h: unset(B * T * C) },
      uniforms: { B, T, C },
      overrides: { MODE },
    },
  ]),
);

export const rowCases: readonly KernelCase[] = [...layerNorm, ...columns, ...embedding, ...lengths, ...pooling];
