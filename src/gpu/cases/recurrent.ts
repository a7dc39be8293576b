// Cases of the kernels of side networks: RMS norm, recurrent cells, gates, mixing over tokens.
import { type KernelCase, normals, unset } from './case.ts';

const rmsNorm: KernelCase[] = (
  [
    ['one row', 1, 4],
    ['one workgroup exactly', 64, 64],
    ['ragged', 67, 20],
    ['several workgroups', 129, 96],
  ] as const
).flatMap(([name, N, C]): KernelCase[] => {
  const size = N * C;
  const given = { x: normals('x', size, 3), rstd: normals('rstd', N).map(Math.abs), weight: normals('weight', C) };
  const { x, rstd, weight } = given;
  return [
    { kernel: 'rms_norm', name, tensors: { x, weight, y: unset(size), rstd: unset(N) }, uniforms: { N, C, eps: 1e-6 } },
    { kernel: 'rms_norm_backward', name, tensors: { d_y: normals('d_y', size), x, rstd, weight }, uniforms: { N, C } },
    {
      kernel: 'rms_norm_weight',
      name,
      tensors: { d_y: normals('d_y', size), x, rstd, d_weight: normals('d_weight', C) },
      uniforms: { N, C },
    },
  ];
});

export const recurrentCases: readonly KernelCase[] = [...rmsNorm];
