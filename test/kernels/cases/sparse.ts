// Cases of the kernels of sparse adapters. Slots that no active entry names hold NaN: what lies there must not matter.
import { integers, type KernelCase, normals, unset } from './case.ts';

export const sparseCases: readonly KernelCase[] = (
  [
    ['one entry', 1, 1, 4, 1, 1],
    ['one workgroup exactly', 16, 4, 16, 8, 4],
    ['ragged', 7, 5, 20, 9, 3],
    ['several workgroups', 33, 12, 68, 40, 8],
  ] as const
).flatMap(([name, N, K, C, S, E]): KernelCase[] => {
  const uniforms = { N, K, C };
  const scores = normals('scores', N * K);
  const coefficients = normals('coefficients', N * K);
  const chosen = integers('slots', N * K, 0, S);
  const slots = Uint32Array.from(integers('experts', N * K, 0, E), (expert, i) => (chosen[i] as number) + 65536 * expert);
  const u = normals('u', N * K);
  const d_out = normals('d_out', N * C);
  return [1, 0].flatMap((LISTED): KernelCase[] => {
    const rows = (label: string): Float32Array<ArrayBuffer> => {
      const table = normals(label, Math.max(S, K) * C);
      const a = (i: number) => (LISTED ? (coefficients[i] as number) : 1) * (scores[i] as number);
      const used = new Set(chosen.flatMap((slot, i) => (a(i) > 0 ? [LISTED ? slot : i % K] : [])));
      return table.map((value, i) => (used.has(Math.floor(i / C)) ? value : Number.NaN));
    };
    const entries = { scores, coefficients, slots };
    const own = { name: `${name} LISTED=${LISTED}`, uniforms };
    const input = { u, ...entries, keys: rows('keys'), router: normals('router', E * C) };
    return [
      {
        ...own,
        kernel: 'sparse_scores',
        tensors: { h: d_out, keys: normals('keys', K * C), used: Uint32Array.of(LISTED ? K : K - 1), scores: unset(N * K) },
      },
      {
        ...own,
        kernel: 'sparse_output',
        tensors: { ...entries, values: rows('values'), out: normals('out', N * C) },
        overrides: { LISTED },
      },
      { ...own, kernel: 'sparse_slopes', tensors: { ...entries, values: rows('values'), d_out, u: unset(N * K) }, overrides: { LISTED } },
      { ...own, kernel: 'sparse_input', tensors: { ...input, d_h: unset(N * C) }, overrides: { LISTED, ACCUMULATE: 0 } },
      { ...own, kernel: 'sparse_input', tensors: { ...input, d_h: normals('d_h', N * C) }, overrides: { LISTED, ACCUMULATE: 1 } },
    ];
  });
});
