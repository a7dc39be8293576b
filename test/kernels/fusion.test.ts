// Every rule by which two dispatches become one gives the bits of the two, on one row, ragged ends, whole workgroups and several of them; and takes
// nothing that does not fit.

import { beforeAll, expect, it } from 'vitest';
import type { PipelineCache } from '../../src/gpu/pipelines.ts';
import type { KernelCall } from '../../src/graph/op.ts';
import { Registry } from '../../src/graph/registry.ts';
import { sizeOf, type Tensor } from '../../src/graph/tensor.ts';
import { formOf, forms } from '../../src/kernels/forms.ts';
import { activationCode, undropped } from '../../src/kernels/table.ts';
import { type Facts, fusions } from '../../src/plan/fusion.ts';
import { testDevice } from '../testing.ts';
import { dropped, exampleRows, halves, integers, normals, droppedStep as step } from './cases/case.ts';
import { runKernel, type Words } from './testing.ts';

let device: GPUDevice;
let pipelines: PipelineCache;

beforeAll(async () => {
  ({ device, pipelines } = await testDevice());
});

const registry = new Registry();
/** A tensor of this name and size. */
const tensor = (name: string, size: number): Tensor => registry.tensor({ name, shape: [size], dtype: 'f32', role: 'transient' });

interface Pair {
  readonly name: string;
  readonly first: KernelCall;
  readonly second: KernelCall;
}

/** M, K, N of products: one row, ragged, whole workgroups, several. */
const shapes = [
  [1, 4, 4],
  [7, 12, 20],
  [64, 32, 32],
  [150, 36, 100],
] as const;

type Size = (typeof shapes)[number];
const sizesOf = ([M, K, N]: Size) => ({ M, K, N, width: N, column: 0, alpha: 0.75 });

function forward(size: Size, overrides: Record<string, number>) {
  const [M, K, N] = size;
  const tensors = {
    x: tensor('x', M * K),
    w: tensor('w', N * K),
    bias: tensor('bias', N),
    out: tensor('out', M * N),
    pre: tensor('pre', M * N),
  };
  return { kernel: 'gemm_nt', tensors, uniforms: { ...sizesOf(size), ...undropped }, overrides } as const;
}

function inputGradient(size: Size) {
  const [M, K, N] = size;
  const tensors = { d_y: tensor('d_y', M * N), w: tensor('w', N * K), out: tensor('out', M * K) };
  return { kernel: 'gemm_nn', tensors, uniforms: { ...sizesOf(size), ...undropped } } as const;
}

function weightGradient(size: Size) {
  const [M, K, N] = size;
  const tensors = { d_y: tensor('d_y', M * N), x: tensor('x', M * K), d_w: tensor('w', N * K) };
  return { kernel: 'gemm_tn', tensors, uniforms: sizesOf(size) } as const;
}

/** Rows and columns of norms: one row, ragged, several workgroups. */
const norms = [
  [1, 4],
  [67, 20],
  [129, 96],
] as const;

function normGradient(N: number, C: number) {
  const tensors = { d_y: tensor('d_y', N * C), s: tensor('s', N * C), stats: tensor('stats', 2 * N), weight: tensor('weight', C) };
  return { kernel: 'layer_norm_backward', tensors, uniforms: { N, C, ...undropped, scale: 1 } } as const;
}

/** Dropout of x, in place or into a tensor of its own. */
const dropout = (x: Tensor, into?: Tensor): KernelCall => ({
  kernel: 'dropout',
  tensors: { x, y: into },
  uniforms: { count: sizeOf(x.shape), ...dropped },
  overrides: { COPY: into ? 1 : 0 },
});
const elsewhere = (x: Tensor): Tensor => tensor('dropped', sizeOf(x.shape));

/** Integers of a stream, bit planes, readings. */
const fixed = (name: string, size: number): Tensor => registry.tensor({ name, shape: [size], dtype: 'i32', role: 'transient' });
const scale = 2 ** 18;
const coupled = <Name extends string>(name: Name, count: number) =>
  ({ [name]: fixed(name, count), f: tensor('f', count) }) as Record<Name | 'f', Tensor>;
const streamRead = (x: Tensor, count: number): KernelCall => ({
  kernel: 'stream_read',
  tensors: { x, h: tensor('h', count) },
  uniforms: { count, scale },
});

const pairs: Readonly<Record<string, readonly Pair[]>> = {
  'copy dropout': [1, 259, 5003].map((count) => {
    const [x, y] = [tensor('x', count), tensor('y', count)];
    return { name: `${count}`, first: { kernel: 'copy', tensors: { x, y }, uniforms: { count } }, second: dropout(y) };
  }),
  'copy layer_norm_backward': norms.map(([N, C]) => {
    const first = normGradient(N, C);
    const d_y = tensor('d_above', N * C);
    return {
      name: `${N} ${C}`,
      first: { kernel: 'copy', tensors: { x: d_y, y: first.tensors.d_y }, uniforms: { count: N * C } },
      second: first,
    };
  }),
  'copy gemm_nn': shapes.map((shape) => {
    const second = { ...inputGradient(shape), overrides: { ACCUMULATE: 1 } };
    const { out } = second.tensors;
    const count = sizeOf(out.shape);
    return { name: `${shape}`, first: { kernel: 'copy', tensors: { x: tensor('d_above', count), y: out }, uniforms: { count } }, second };
  }),
  'gemm_nt dropout': shapes.flatMap((shape) => [
    ...[{}, { BIAS: 1, ACTIVATION: activationCode.gelu, KEEP_PRE: 1 }].map((overrides) => {
      const first = forward(shape, overrides);
      return { name: `${shape} ${Object.keys(overrides)}`, first, second: dropout(first.tensors.out) };
    }),
    ...[activationCode.none, activationCode.relu].map((ACTIVATION) => {
      const { tensors, ...first } = forward(shape, { BIAS: 1, ACTIVATION });
      const { pre: _, ...used } = tensors;
      return { name: `${shape} kept`, first: { ...first, tensors: used }, second: dropout(used.out, elsewhere(used.out)) };
    }),
  ]),
  'gemm_nn dropout': shapes.flatMap((shape) =>
    [0, 1, 2].map((ACCUMULATE) => {
      const { tensors, ...product } = inputGradient(shape);
      const argument = ACCUMULATE === 2 ? { argument: tensor('d_above', sizeOf(tensors.out.shape)) } : {};
      const first = { ...product, tensors: { ...tensors, ...argument }, overrides: { ACCUMULATE } };
      return { name: `${shape} ACCUMULATE=${ACCUMULATE}`, first, second: dropout(tensors.out) };
    }),
  ),
  'layer_norm dropout': norms.map(([N, C]) => {
    const rows = (name: string) => tensor(name, N * C);
    const tensors = { x: rows('x'), residual: rows('residual'), weight: tensor('weight', C), bias: tensor('bias', C), y: rows('y') };
    const uniforms = { N, C, eps: 1e-5, ...undropped };
    const first = {
      kernel: 'layer_norm',
      tensors: { ...tensors, stats: tensor('stats', 2 * N) },
      uniforms,
      overrides: { RESIDUAL: 1 },
    } as const;
    return { name: `${N} ${C}`, first, second: dropout(tensors.y) };
  }),
  'layer_norm_backward dropout': norms.flatMap(([N, C]) =>
    [false, true].flatMap((kept) =>
      [false, true].map((apart) => {
        const { tensors, ...norm } = normGradient(N, C);
        const d_s = tensor('d_s', N * C);
        const first = { ...norm, tensors: { ...tensors, ...(apart ? { d_s } : {}) }, overrides: { APART: apart ? 1 : 0 } };
        const made = apart ? d_s : tensors.d_y;
        return {
          name: `${N} ${C} ${kept ? 'kept' : 'in place'} ${apart}`,
          first,
          second: dropout(made, kept ? elsewhere(made) : undefined),
        };
      }),
    ),
  ),
  'gemm_nn activation_backward': shapes.flatMap((shape) =>
    (['gelu', 'relu', 'silu'] as const).map((activation) => {
      const product = inputGradient(shape);
      const first = { ...product, uniforms: { ...product.uniforms, ...dropped }, overrides: { DROPOUT: activation === 'relu' ? 1 : 0 } };
      const count = shape[0] * shape[1];
      const tensors = { d_y: first.tensors.out, x: tensor('argument', count) };
      const overrides = { ACTIVATION: activationCode[activation] };
      return { name: `${shape} ${activation}`, first, second: { kernel: 'activation_backward', tensors, uniforms: { count }, overrides } };
    }),
  ),
  'gemm_nn_ragged activation_backward': [[3, 5, 7] as const].map(([M, K, N]) => {
    const out = tensor('out', M * K);
    const tensors = { d_y: tensor('d_y', M * N), w: tensor('w', N * K), out };
    const second = {
      kernel: 'activation_backward',
      tensors: { d_y: out, x: tensor('argument', M * K) },
      uniforms: { count: M * K },
    } as const;
    return {
      name: 'ragged',
      first: { kernel: 'gemm_nn_ragged', tensors, uniforms: { M, K, N, alpha: 0.5, ...undropped } },
      second: { ...second, overrides: { ACTIVATION: activationCode.gelu } },
    };
  }),
  'gemm_nn_ragged dropout': [[3, 5, 7] as const].map(([M, K, N]) => {
    const out = tensor('out', M * K);
    const tensors = { d_y: tensor('d_y', M * N), w: tensor('w', N * K), out };
    return {
      name: 'ragged',
      first: { kernel: 'gemm_nn_ragged', tensors, uniforms: { M, K, N, alpha: 0.5, ...undropped } },
      second: dropout(out),
    };
  }),
  'copy scale_add': [1, 259, 5003].map((count) => {
    const [x, y] = [tensor('x', count), tensor('y', count)];
    return {
      name: `${count}`,
      first: { kernel: 'copy', tensors: { x, y }, uniforms: { count } },
      second: { kernel: 'scale_add', tensors: { x: y }, uniforms: { count, alpha: 0.3, beta: 1 }, overrides: { WITH_F: 0 } },
    };
  }),
  'gemm_nt scale_add': shapes.flatMap((shape) =>
    [{ BIAS: 1, DROPOUT: 1 }, { ACCUMULATE: 1 }, { BIAS: 1, ACTIVATION: activationCode.gelu }].map((overrides) => {
      const { tensors, ...product } = forward(shape, overrides);
      const { pre: _, ...used } = tensors;
      const count = sizeOf(used.out.shape);
      return {
        name: `${shape} ${Object.keys(overrides)}`,
        first: { ...product, tensors: used, uniforms: { ...product.uniforms, ...dropped } },
        second: {
          kernel: 'scale_add',
          tensors: { x: used.out, f: tensor('residual', count) },
          uniforms: { count, alpha: 1, beta: 1 },
          overrides: { WITH_F: 1 },
        },
      };
    }),
  ),
  'gemm_nn scale_add': shapes.flatMap((shape) =>
    [0, 1, 2].map((ACCUMULATE) => {
      const { tensors, ...product } = inputGradient(shape);
      const count = sizeOf(tensors.out.shape);
      const argument = ACCUMULATE === 2 ? { argument: tensor('d_above', count) } : {};
      const uniforms = { ...product.uniforms, ...dropped };
      const first = {
        ...product,
        uniforms,
        tensors: { ...tensors, ...argument },
        overrides: { ACCUMULATE, DROPOUT: ACCUMULATE === 0 ? 1 : 0 },
      };
      const sum = { x: tensor('d_stream', count), f: tensors.out };
      return {
        name: `${shape} ACCUMULATE=${ACCUMULATE}`,
        first,
        second: { kernel: 'scale_add', tensors: sum, uniforms: { count, alpha: 1, beta: 1 }, overrides: { WITH_F: 1 } },
      };
    }),
  ),
  'stream_couple stream_read': [0, 3].flatMap((SHIFT) =>
    [1, 70, 2100].map((count) => {
      const tensors = { ...coupled('x', count), status: fixed('status', 2), bits: fixed('bits', Math.ceil(count / 32) * 8) };
      const first = {
        kernel: 'stream_couple',
        tensors,
        uniforms: { count, slot: 1, scale },
        overrides: { SHIFT, KEEP_BITS: SHIFT ? 1 : 0 },
      } as const;
      return { name: `${count} SHIFT=${SHIFT}`, first, second: streamRead(tensors.x, count) };
    }),
  ),
  'stream_uncouple stream_read': [0, 3].flatMap((SHIFT) =>
    [1, 70, 2100].map((count) => {
      const tensors = { ...coupled('y', count), bits: fixed('bits', Math.ceil(count / 32) * 8) };
      const first = { kernel: 'stream_uncouple', tensors, uniforms: { count, first: 0, scale }, overrides: { SHIFT } } as const;
      return { name: `${count} SHIFT=${SHIFT}`, first, second: streamRead(tensors.y, count) };
    }),
  ),
  'layer_norm_backward scale_add': norms.flatMap(([N, C]) =>
    [0, 1, 2].map((DROPOUT) => {
      const { tensors, ...norm } = normGradient(N, C);
      const apart = { ...tensors, d_s: tensor('d_s', N * C), ...(DROPOUT === 1 ? { dropped: tensor('dropped', N * C) } : {}) };
      return {
        name: `${N} ${C} DROPOUT=${DROPOUT}`,
        first: { ...norm, tensors: apart, uniforms: { ...norm.uniforms, ...dropped }, overrides: { APART: 1, DROPOUT } },
        second: {
          kernel: 'scale_add',
          tensors: { x: tensors.d_y },
          uniforms: { count: N * C, alpha: 0.3, beta: 1 },
          overrides: { WITH_F: 0 },
        },
      };
    }),
  ),
  'gemm_tn_ragged column_sum': exampleRows.map((rows) => {
    const [M, K, N] = [9, 5, 7];
    const tensors = { d_y: tensor('d_y', M * N), x: tensor('x', M * K), d_w: tensor('w', N * K) };
    return {
      name: `T=${rows.T}`,
      first: { kernel: 'gemm_tn_ragged', tensors, uniforms: { M, K, N, ...rows, alpha: 1 } },
      second: {
        kernel: 'column_sum',
        tensors: { d_y: tensors.d_y, d_bias: tensor('d_bias', N) },
        uniforms: { M, N, width: N, ...rows, alpha: 1 },
      },
    };
  }),
  'gemm_tn column_sum': shapes.flatMap((shape) =>
    exampleRows.map((rows) => {
      const [M, , N] = shape;
      const own = weightGradient(shape);
      const tensors = { d_y: own.tensors.d_y, d_bias: tensor('d_bias', N) };
      return {
        name: `${shape} T=${rows.T}`,
        first: { ...own, uniforms: { ...own.uniforms, ...rows } },
        second: { kernel: 'column_sum', tensors, uniforms: { M, N, width: N, ...rows, alpha: own.uniforms.alpha } },
      };
    }),
  ),
};

/** What a tensor begins with. */
function wordsNamed({ name, shape, dtype }: Tensor): Words {
  const size = sizeOf(shape);
  if (dtype === 'i32') return Int32Array.from(name === 'status' ? new Float64Array(size) : integers(name, size, -(2 ** 27), 2 ** 27));
  return (name === 'w' ? halves : normals)(name, size);
}

/** What tensors hold after the calls, each in the form of this name where its kernel has it, by name. */
async function after(calls: readonly KernelCall[], form: string | undefined): Promise<Record<string, Words>> {
  const held = new Map<Tensor, Words>();
  const wordsOf = (own: Tensor): Words => held.get(own) ?? wordsNamed(own);
  for (const call of calls) {
    const { kernel, tensors, uniforms, overrides = {} } = call;
    const own = form === undefined ? undefined : formOf({ [kernel]: forms[kernel]?.[form] ? [form] : [] }, call);
    const bound = Object.entries(tensors).flatMap(([name, own]) => (own ? [[name, own] as const] : []));
    const words = Object.fromEntries(bound.map(([name, own]) => [name, wordsOf(own)]));
    const made = await runKernel(device, pipelines, {
      ...{ kernel, tensors: words, uniforms, overrides, step },
      ...(own === undefined ? {} : { form: own }),
    });
    for (const [name, own] of bound) held.set(own, made[name] as Words);
  }
  return Object.fromEntries([...held].map(([{ name }, words]) => [name, words]));
}

const facts: Facts = { same: (a, b) => a === b, ends: () => true };
const strangers: Facts = { ...facts, same: () => false };

/** Each rule with the first forms of its kernels; where the fused work is in the files of forms, and not in what they share, with the others of each name too. */
const formedFusions = fusions.flatMap((fusion) => {
  const kernels = fusion.second === 'column_sum' ? [fusion.first, fusion.second] : [];
  const named = new Set(kernels.flatMap((kernel) => Object.keys(forms[kernel] ?? {})));
  return [undefined, ...named].map((form) => [[fusion.first, fusion.second, ...(form ? [form] : [])].join(' '), fusion, form] as const);
});

it.each(formedFusions)('%s fused has the bits of both', async (_, fusion, form) => {
  const all = pairs[`${fusion.first} ${fusion.second}`] ?? [];
  expect(all).not.toEqual([]);
  // Of the others the largest shapes.
  const own = form === undefined ? all : all.slice(-Math.ceil(all.length / shapes.length));
  for (const { name: what, first, second } of own) {
    const call = fusion.fuse(first, second, facts);
    if (!call) return expect.fail(`${what} does not fuse`);
    // A value that only the second reads is not made.
    const lost = fusion.fuse(first, second, { ...facts, ends: () => false }) ? [] : ['out'];
    const held = async (calls: readonly KernelCall[]) =>
      Object.entries(await after(calls, form))
        .filter(([made]) => !lost.includes(made))
        .toSorted(([a], [b]) => (a < b ? -1 : 1));
    expect(await held([call]), what).toEqual(await held([first, second]));
    // Once fused it takes no second one, and of another tensor none at all.
    if (call.kernel === fusion.first) expect(fusion.fuse(call, second, facts), what).toBeUndefined();
    expect(fusion.fuse(first, second, strangers), what).toBeUndefined();
  }
});

it('a product that is added to a value that is there is not dropped out or sloped alone', () => {
  for (const { first, second, fuse } of fusions.filter((fusion) => fusion.first === 'gemm_nt' || fusion.second === 'activation_backward')) {
    const [pair] = pairs[`${first} ${second}`] ?? [];
    if (!pair) return expect.fail(`there is no pair of ${first}`);
    expect(fuse({ ...pair.first, overrides: { ACCUMULATE: 1 } }, pair.second, { ...facts, same: () => true })).toBeUndefined();
  }
});
