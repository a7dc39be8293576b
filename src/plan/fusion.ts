// Fusion: of two dispatches in a row the second one's work becomes an epilogue of the first, where a kernel has it: a dispatch fewer, and a pass fewer over
// memory. The graph knows nothing of it. Each rule is a row of the table; test/kernels/fusion.test.ts holds it to the bits of the two dispatches.
// Not here: what kernels compute (shaders/). Invariant: an epilogue rounds as a dispatch of its own does. For whether two dispatches fuse may hang on who reads a
// value later, through the copies that lower.ts puts before ops that work in place: a layer that runs again may fuse otherwise than in the forward pass.

import type { KernelCall, Node } from '../graph/op.ts';
import { bytesOfTensor, sizeOf, type Tensor } from '../graph/tensor.ts';
import type { KernelName } from '../kernels/table.ts';
import type { LoweredNode } from './lower.ts';
import type { Location } from './storage.ts';

/** Whether two tensors are the same bytes. */
type Same = (a: Tensor | undefined, b: Tensor | undefined) => boolean;

export interface Fusion {
  readonly first: KernelName;
  readonly second: KernelName;
  /** One call for both, where they fit. */
  fuse(first: KernelCall, second: KernelCall, same: Same): KernelCall | undefined;
}

const isSet = ({ overrides = {} }: KernelCall, name: string): boolean => (overrides[name] ?? 0) !== 0;
const withOverride = ({ overrides }: KernelCall, name: string, value: number): Readonly<Record<string, number>> => ({
  ...overrides,
  [name]: value,
});

/** What is dropped out on a copy: a value that is dropped out and needed whole. */
const droppedCopy: Fusion = {
  first: 'copy',
  second: 'dropout',
  fuse(copy, dropout, same) {
    const { x, y } = copy.tensors;
    const fits = copy.uniforms['count'] === dropout.uniforms['count'] && same(y, dropout.tensors['x']) && !isSet(dropout, 'COPY');
    return fits ? { ...dropout, tensors: { x, y: dropout.tensors['x'] }, overrides: { COPY: 1 } } : undefined;
  },
};

/** A gradient that a norm's goes on from, on a copy: the norm's goes elsewhere, and the gradient stays. */
const normOfCopy: Fusion = {
  first: 'copy',
  second: 'layer_norm_backward',
  fuse(copy, norm, same) {
    const { x, y } = copy.tensors;
    const fits = y && copy.uniforms['count'] === sizeOf(y.shape) && same(y, norm.tensors['d_y']) && !isSet(norm, 'APART');
    return fits
      ? { ...norm, tensors: { ...norm.tensors, d_y: x, d_s: norm.tensors['d_y'] }, overrides: withOverride(norm, 'APART', 1) }
      : undefined;
  },
};

/** A gradient that a product is added to, on a copy. */
const sumOfCopy: Fusion = {
  first: 'copy',
  second: 'gemm_nn',
  fuse(copy, product, same) {
    const { x, y } = copy.tensors;
    const adds = product.overrides?.['ACCUMULATE'] === 1 && !isSet(product, 'ACTIVATION');
    const fits = y && copy.uniforms['count'] === sizeOf(y.shape) && same(y, product.tensors['out']);
    return adds && fits
      ? { ...product, tensors: { ...product.tensors, argument: x }, overrides: withOverride(product, 'ACCUMULATE', 2) }
      : undefined;
  },
};

/**
 * What a dispatch makes, dropped out in its epilogue: in its place, or beside it where the value is needed whole. `value`: the binding that holds it; `inPlace` and
 * `beside`: how a call writes the dropped one there, and both, where it can.
 */
const droppedResult = (
  first: 'gemm_nt' | 'gemm_nn' | 'layer_norm_backward',
  value: (call: KernelCall) => 'out' | 'd_y' | 'd_s',
  inPlace: (call: KernelCall) => Readonly<Record<string, number>> | undefined,
  beside: (call: KernelCall, whole: Tensor, dropped: Tensor) => Pick<KernelCall, 'tensors' | 'overrides'> | undefined,
): Fusion => ({
  first,
  second: 'dropout',
  fuse(call, dropout, same) {
    const binding = value(call);
    const made = call.tensors[binding];
    const { x, y } = dropout.tensors;
    const { count, ...fields } = dropout.uniforms;
    const alone = inPlace(call);
    if (!made || count !== sizeOf(made.shape) || !same(made, x) || isSet(call, 'DROPOUT') || !alone) return undefined;
    const uniforms = { ...call.uniforms, ...fields };
    if (isSet(dropout, 'COPY')) {
      const both = y && beside(call, made, y);
      return both && { ...call, ...both, uniforms };
    }
    return { ...call, tensors: { ...call.tensors, [binding]: x }, uniforms, overrides: { ...call.overrides, ...alone } };
  },
});

/** A product of a linear layer. */
const droppedProduct = droppedResult(
  'gemm_nt',
  () => 'out',
  (call) => (call.uniforms['width'] === call.uniforms['N'] && !isSet(call, 'ACCUMULATE') ? { DROPOUT: 1 } : undefined),
  (call, whole, dropped) =>
    isSet(call, 'KEEP_PRE')
      ? undefined
      : { tensors: { ...call.tensors, out: dropped, pre: whole }, overrides: { ...call.overrides, DROPOUT: 1, KEEP_PRE: 2 } },
);

/** A gradient on its way back through dropout: of a product, or of what it was added to. */
const droppedGradient = droppedResult(
  'gemm_nn',
  () => 'out',
  (call) => (isSet(call, 'ACTIVATION') ? undefined : { DROPOUT: isSet(call, 'ACCUMULATE') ? 2 : 1 }),
  () => undefined,
);

/** The gradient below a norm, which goes on whole beside the branch that was dropped out. */
const droppedNorm = droppedResult(
  'layer_norm_backward',
  (call) => (isSet(call, 'APART') ? 'd_s' : 'd_y'),
  () => ({ DROPOUT: 2 }),
  (call, _, dropped) => ({ tensors: { ...call.tensors, dropped }, overrides: { ...call.overrides, DROPOUT: 1 } }),
);

/** The gradient of an activation's value, times its slope. */
const slopedProduct = (first: 'gemm_nn' | 'gemm_nn_ragged'): Fusion => ({
  first,
  second: 'activation_backward',
  fuse(product, slope, same) {
    const { out } = product.tensors;
    const whole = out && slope.uniforms['count'] === sizeOf(out.shape);
    if (!whole || !same(out, slope.tensors['d_y']) || isSet(product, 'ACCUMULATE') || isSet(product, 'ACTIVATION')) return undefined;
    return {
      ...product,
      tensors: { ...product.tensors, out: slope.tensors['d_y'], argument: slope.tensors['x'] },
      overrides: withOverride(product, 'ACTIVATION', slope.overrides?.['ACTIVATION'] ?? 0),
    };
  },
});

/** The gradients of a linear layer's weight and of its bias. */
const biasedGradient: Fusion = {
  first: 'gemm_tn',
  second: 'column_sum',
  fuse(product, sum, same) {
    const { M, N, width, T, first } = product.uniforms;
    const own = sum.uniforms;
    const alike = own['M'] === M && own['N'] === N && own['width'] === width && own['T'] === T && own['first'] === first;
    const fits = alike && width === N && own['alpha'] === 1;
    if (!fits || !same(product.tensors['d_y'], sum.tensors['d_y']) || isSet(product, 'BIAS')) return undefined;
    return {
      ...product,
      tensors: { ...product.tensors, d_bias: sum.tensors['d_bias'] },
      overrides: withOverride(product, 'BIAS', 1),
    };
  },
};

export const fusions: readonly Fusion[] = [
  droppedCopy,
  normOfCopy,
  sumOfCopy,
  droppedProduct,
  droppedGradient,
  droppedNorm,
  slopedProduct('gemm_nn'),
  slopedProduct('gemm_nn_ragged'),
  biasedGradient,
];

/** By the names of both. */
const table = new Map(fusions.map((fusion) => [`${fusion.first} ${fusion.second}`, fusion]));

const prefixed = <T>(prefix: string, named: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(named).map(([name, value]) => [`${prefix}.${name}`, value]));

/** One node that touches all that the two do, at the place of the first. */
const together = (first: Node, second: Node): Node => ({
  ...first,
  inputs: { ...prefixed('first', first.inputs), ...prefixed('second', second.inputs) },
  outputs: { ...prefixed('first', first.outputs), ...prefixed('second', second.outputs) },
});

/** Nodes with their dispatches, fused wherever a rule says so. */
export function fused(nodes: readonly LoweredNode[], locate: (tensor: Tensor) => Location): LoweredNode[] {
  const same: Same = (a, b) => {
    if (!a || !b || bytesOfTensor(a) !== bytesOfTensor(b)) return false;
    const [x, y] = [locate(a), locate(b)];
    return x.root === y.root && x.offset === y.offset;
  };
  const fuse = (before: LoweredNode | undefined, after: LoweredNode): LoweredNode | undefined => {
    const [first, second] = [before?.calls[0], after.calls[0]];
    if (!first || !second || before?.calls.length !== 1 || after.calls.length !== 1) return undefined;
    const call = table.get(`${first.kernel} ${second.kernel}`)?.fuse(first, second, same);
    return call && { node: together(before.node, after.node), calls: [call] };
  };
  const made: LoweredNode[] = [];
  for (const lowered of nodes) {
    let last = lowered;
    // What two have become may fit the one before: a product, a copy of it, and dropout of that.
    for (let both = fuse(made.at(-1), last); both; both = fuse(made.at(-1), last)) {
      made.pop();
      last = both;
    }
    made.push(last);
  }
  return made;
}
