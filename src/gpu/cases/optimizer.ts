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
    { kernel: 'square_sum', name, tensors: { g: normals('g', count), partials: unset(1024 + 5) }, uniforms: { count, offset: 5 } },
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

const clipping: KernelCase[] = [
  ['no limit', 0],
  ['above the limit', 0.5],
  ['below the limit', 1000],
].map(([name, max_grad_norm]) => ({
  kernel: 'clip_scale',
  name: String(name),
  tensors: { partials: normals('partials', 2048).map(Math.abs), out: unset(4) },
  uniforms: { count: 2048, slot: 1 },
  step: { max_grad_norm: Number(max_grad_norm) },
}));

/** A gradient and a mean of 0 have no sign: the parameter only decays. */
const lionAtZero: KernelCase = {
  kernel: 'lion',
  name: 'nothing to follow',
  tensors: { parameter: normals('parameter', 5), gradient: new Float32Array(5), exp_avg: new Float32Array(5), scalars: scalars() },
  uniforms: { count: 5, slot: 1, weight_decay: 0.01, lr_scale: 1, beta1: 0.9, beta2: 0.99 },
};

export const optimizerCases: readonly KernelCase[] = [...sizes.flatMap(elementwise), ...clipping, lionAtZero];
