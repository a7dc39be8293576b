// Cases of the kernels that work element by element: activations, dropout, streams, readings.
import { activationCode } from '../../../src/kernels/table.ts';
import { dropped, droppedStep, integers, type KernelCase, normals, unset } from './case.ts';

const sizes: readonly (readonly [string, number])[] = [
  ['one element', 1],
  ['ragged', 259],
  ['one workgroup exactly', 2048],
  ['several workgroups', 5003],
];

/** From -9 to 9, with the steps where the branches of the GELU and tanh kernels meet. */
const arguments_ = (count: number) => Float32Array.from({ length: count }, (_, i) => (i - count / 2) * (18 / count));

function elementwise(name: string, count: number): KernelCase[] {
  const x = () => normals('x', count);
  const f = () => normals('f', count);
  const both = Object.entries(activationCode).flatMap(([word, ACTIVATION]): KernelCase[] => [
    {
      kernel: 'activation',
      name: `${name} ${word}`,
      tensors: { x: arguments_(count), y: unset(count) },
      uniforms: { count },
      overrides: { ACTIVATION },
      // These divide, which WGSL allows 2.5 units in the last place; the largest value of silu and gelu_new is 9, where a unit is 1e-7 of it.
      tolerance: word === 'silu' || word === 'gelu_new' ? 4e-7 : word === 'tanh' ? 2e-7 : 1e-7,
    },
    {
      kernel: 'activation_backward',
      name: `${name} ${word}`,
      tensors: { d_y: normals('d_y', count), x: arguments_(count) },
      uniforms: { count },
      overrides: { ACTIVATION },
      tolerance: 1e-6,
    },
  ]);
  return [
    ...both,
    ...[0, 1].map(
      (COPY): KernelCase => ({
        kernel: 'dropout',
        name: `${name} COPY=${COPY}`,
        tensors: { x: x(), ...(COPY ? { y: unset(count) } : {}) },
        uniforms: { count, ...dropped },
        overrides: { COPY },
        step: droppedStep,
      }),
    ),
    { kernel: 'scale_add', name, tensors: { x: x(), f: f() }, uniforms: { count, alpha: 0.1, beta: -2 }, overrides: { WITH_F: 1 } },
    {
      kernel: 'scale_add',
      name: `${name} of f`,
      tensors: { x: unset(count), f: f() },
      uniforms: { count, alpha: 1, beta: -2 },
      overrides: { WITH_F: 2 },
    },
    {
      kernel: 'scale_add',
      name: `${name} without f`,
      tensors: { x: x() },
      uniforms: { count, alpha: 0.1, beta: 3 },
      overrides: { WITH_F: 0 },
    },
    { kernel: 'scale_add_inverse', name, tensors: { y: x(), f: f() }, uniforms: { count, alpha: 0.1 } },
    { kernel: 'copy', name, tensors: { x: words(count), y: new Uint32Array(count) }, uniforms: { count } },
    { kernel: 'clear', name, tensors: { x: words(count) }, uniforms: { count } },
  ];
}

const words = (count: number) => Uint32Array.from(integers('words', count, 0, 2 ** 32 - 1));
const fixed = (count: number) => Int32Array.from(integers('fixed', count, -(2 ** 30), 2 ** 30));
const status = () => Uint32Array.of(123, 0, 456);

function streams(name: string, count: number): KernelCase[] {
  const scale = 2 ** 16;
  const f = normals('f', count);
  const couplings = [0, 3, 8].flatMap((SHIFT): KernelCase[] => {
    const first = 96;
    const bits = Uint32Array.from(integers('bits', Math.ceil((first + count) / 32) * SHIFT + 4, 0, 2 ** 32 - 1));
    return [
      ...[0, 1].map(
        (KEEP_BITS): KernelCase => ({
          kernel: 'stream_couple',
          name: `${name} SHIFT=${SHIFT} KEEP_BITS=${KEEP_BITS}`,
          tensors: { x: fixed(count), f, bits, status: status() },
          uniforms: { count, slot: 1, scale },
          overrides: { SHIFT, KEEP_BITS },
        }),
      ),
      {
        kernel: 'stream_couple',
        name: `${name} SHIFT=${SHIFT} READ`,
        tensors: { x: fixed(count), f, bits, status: status(), h: unset(count) },
        uniforms: { count, slot: 1, scale },
        overrides: { SHIFT, KEEP_BITS: 1, READ: 1 },
      },
      ...[0, first].map(
        (first): KernelCase => ({
          kernel: 'stream_uncouple',
          name: `${name} SHIFT=${SHIFT} first=${first}`,
          tensors: { y: fixed(count), f, bits },
          uniforms: { count, first, scale },
          overrides: { SHIFT },
        }),
      ),
      {
        kernel: 'stream_uncouple',
        name: `${name} SHIFT=${SHIFT} READ`,
        tensors: { y: fixed(count), f, bits, h: unset(count) },
        uniforms: { count, first: 0, scale },
        overrides: { SHIFT, READ: 1 },
      },
    ];
  });
  return [
    ...couplings,
    { kernel: 'stream_quantize', name, tensors: { h: f, x: new Int32Array(count), status: status() }, uniforms: { count, slot: 1, scale } },
    { kernel: 'stream_read', name, tensors: { x: fixed(count), h: unset(count) }, uniforms: { count, scale } },
    { kernel: 'watch', name, tensors: { x: f, status: status() }, uniforms: { count, slot: 1 } },
    {
      kernel: 'max_difference',
      name,
      tensors: { a: f, b: normals('b', count), status: status() },
      uniforms: { count, slot: 1 },
    },
  ];
}

// Halves go to the even neighbour; what does not fit i32 is held at its end, and what is not finite is 0 and says so.
const rounding = Float32Array.of(0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999997, 3e9, -3e9);
const quantizeEdges: KernelCase[] = [rounding, Float32Array.of(Number.NaN, 1), Float32Array.of(-Infinity, Infinity)].map((h, i) => ({
  kernel: 'stream_quantize',
  name: ['halves and overflow', 'not a number', 'infinities'][i] as string,
  tensors: { h, x: new Int32Array(h.length), status: status() },
  uniforms: { count: h.length, slot: 1, scale: 1 },
}));

export const elementCases: readonly KernelCase[] = [
  ...sizes.flatMap(([name, count]) => [...elementwise(name, count), ...streams(name, count)]),
  ...quantizeEdges,
];
