// Fusion: of two dispatches in a row the second one's work becomes an epilogue of the first, where a kernel has it: a dispatch fewer, and a pass fewer over
// memory. The graph knows nothing of it. Each rule is a row of the table; test/kernels/fusion.test.ts holds it to the bits of the two dispatches.
// Not here: what kernels compute (shaders/), which nodes stand beside each other (order.ts). Invariant: an epilogue rounds as a dispatch of its own does. For whether two dispatches fuse may hang on who reads a
// value later, through the copies that lower.ts puts before ops that work in place: a layer that runs again may fuse otherwise than in the forward pass.

import { type Inputs, type KernelCall, type Node, type Outputs, tensorsOf } from '../graph/op.ts';
import { bytesOfTensor, sizeOf, type Tensor } from '../graph/tensor.ts';
import type { KernelName } from '../kernels/table.ts';
import type { LoweredNode } from './lower.ts';
import type { Location } from './storage.ts';

/** What a rule may ask of tensors. */
export interface Facts {
  /** Whether two are the same bytes. */
  same(a: Tensor | undefined, b: Tensor | undefined): boolean;
  /** Whether nothing reads it after the two dispatches. */
  ends(tensor: Tensor): boolean;
}

export interface Fusion {
  readonly first: KernelName;
  readonly second: KernelName;
  /** One call for both, where they fit. */
  fuse(first: KernelCall, second: KernelCall, facts: Facts): KernelCall | undefined;
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
  fuse(copy, dropout, { same }) {
    const { x, y } = copy.tensors;
    const fits = copy.uniforms['count'] === dropout.uniforms['count'] && same(y, dropout.tensors['x']) && !isSet(dropout, 'COPY');
    return fits ? { ...dropout, tensors: { x, y: dropout.tensors['x'] }, overrides: { COPY: 1 } } : undefined;
  },
};

/** A gradient times a factor, of a copy. */
const scaledCopy: Fusion = {
  first: 'copy',
  second: 'scale_add',
  fuse(copy, scale, { same }) {
    const { x, y } = copy.tensors;
    const { count, alpha = 1 } = scale.uniforms;
    const fits = copy.uniforms['count'] === count && same(y, scale.tensors['x']) && scale.overrides?.['WITH_F'] === 0;
    return fits
      ? { ...scale, tensors: { x: scale.tensors['x'], f: x }, uniforms: { ...scale.uniforms, beta: alpha }, overrides: { WITH_F: 2 } }
      : undefined;
  },
};

/** A gradient that a norm's goes on from, on a copy: the norm's goes elsewhere, and the gradient stays. */
const normOfCopy: Fusion = {
  first: 'copy',
  second: 'layer_norm_backward',
  fuse(copy, norm, { same }) {
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
  fuse(copy, product, { same }) {
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
  first: 'gemm_nt' | 'gemm_nn' | 'gemm_nn_ragged' | 'layer_norm' | 'layer_norm_backward',
  value: (call: KernelCall) => 'out' | 'y' | 'd_y' | 'd_s',
  inPlace: (call: KernelCall) => Readonly<Record<string, number>> | undefined,
  beside: (call: KernelCall, whole: Tensor, dropped: Tensor) => Pick<KernelCall, 'tensors' | 'overrides'> | undefined,
): Fusion => ({
  first,
  second: 'dropout',
  fuse(call, dropout, { same }) {
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

/** What a linear layer makes, added to what it goes around. */
const residual: Fusion = {
  first: 'gemm_nt',
  second: 'scale_add',
  fuse(product, sum, { same }) {
    const { out } = product.tensors;
    const { x, f } = sum.tensors;
    const { alpha, beta, count } = sum.uniforms;
    const more = product.overrides?.['ACCUMULATE'] ?? 0;
    const whole = out && product.uniforms['width'] === product.uniforms['N'] && count === sizeOf(out.shape);
    const adds = whole && f && alpha === 1 && beta === 1 && same(out, x) && !same(out, f);
    if (!adds || isSet(product, 'KEEP_PRE') || more > 1) return undefined;
    return { ...product, tensors: { ...product.tensors, out: x, pre: f }, overrides: withOverride(product, 'ACCUMULATE', more + 2) };
  },
};

/** A gradient that a stream's is added to, which nobody else asks for. A product's gradients are made once, so this hangs on no forward pass. */
const sumOfProduct: Fusion = {
  first: 'gemm_nn',
  second: 'scale_add',
  fuse(product, sum, { same, ends }) {
    const { out } = product.tensors;
    const { x, f } = sum.tensors;
    const { alpha, beta, count } = sum.uniforms;
    const adds = out && f && alpha === 1 && beta === 1 && count === sizeOf(out.shape) && same(out, f) && !same(out, x) && ends(out);
    const more = product.overrides?.['ACCUMULATE'] ?? 0;
    if (!adds || isSet(product, 'ACTIVATION') || product.overrides?.['DROPOUT'] === 2 || more === 3) return undefined;
    const tensors = { ...product.tensors, out: x, ...(more === 1 ? { argument: out } : {}) };
    return { ...product, tensors, overrides: withOverride(product, 'ACCUMULATE', more === 0 ? 1 : 3) };
  },
};

/** A stream that has just been coupled or uncoupled, as floats. */
const readStream = (first: 'stream_couple' | 'stream_uncouple', stream: 'x' | 'y'): Fusion => ({
  first,
  second: 'stream_read',
  fuse(couple, read, { same }) {
    const alike = couple.uniforms['count'] === read.uniforms['count'] && couple.uniforms['scale'] === read.uniforms['scale'];
    const fits = alike && same(couple.tensors[stream], read.tensors['x']) && !isSet(couple, 'READ');
    return fits
      ? { ...couple, tensors: { ...couple.tensors, h: read.tensors['h'] }, overrides: withOverride(couple, 'READ', 1) }
      : undefined;
  },
});

/** A stream's gradient, which a branch has read whole: times the factor of the stream. */
const scaledAfterNorm: Fusion = {
  first: 'layer_norm_backward',
  second: 'scale_add',
  fuse(norm, scale, { same }) {
    const { x, f } = scale.tensors;
    const { count, alpha = 1 } = scale.uniforms;
    const fits = !f && x && count === sizeOf(x.shape) && same(norm.tensors['d_y'], x) && norm.overrides?.['APART'] === 1;
    return fits
      ? {
          ...norm,
          tensors: { ...norm.tensors, d_y: x },
          uniforms: { ...norm.uniforms, scale: alpha },
          overrides: withOverride(norm, 'APART', 2),
        }
      : undefined;
  },
};

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
const droppedGradientRagged = droppedResult(
  'gemm_nn_ragged',
  () => 'out',
  (call) => (isSet(call, 'ACTIVATION') || isSet(call, 'ACCUMULATE') ? undefined : { DROPOUT: 1 }),
  () => undefined,
);

/** What a norm makes, such as embeddings. */
const droppedRows = droppedResult(
  'layer_norm',
  () => 'y',
  () => ({ DROPOUT: 1 }),
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
  fuse(product, slope, { same }) {
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
const biasedGradient = (first: 'gemm_tn' | 'gemm_tn_ragged'): Fusion => ({
  first,
  second: 'column_sum',
  fuse(product, sum, { same }) {
    const { M, N, width = N, T, first, alpha } = product.uniforms;
    const own = sum.uniforms;
    const alike = own['M'] === M && own['N'] === N && own['width'] === width && own['T'] === T && own['first'] === first;
    const fits = alike && width === N && own['alpha'] === alpha;
    if (!fits || !same(product.tensors['d_y'], sum.tensors['d_y']) || isSet(product, 'BIAS')) return undefined;
    return {
      ...product,
      tensors: { ...product.tensors, d_bias: sum.tensors['d_bias'] },
      overrides: withOverride(product, 'BIAS', 1),
    };
  },
});

export const fusions: readonly Fusion[] = [
  droppedCopy,
  scaledCopy,
  normOfCopy,
  sumOfCopy,
  droppedProduct,
  droppedGradient,
  droppedGradientRagged,
  droppedRows,
  droppedNorm,
  slopedProduct('gemm_nn'),
  slopedProduct('gemm_nn_ragged'),
  biasedGradient('gemm_tn'),
  biasedGradient('gemm_tn_ragged'),
  residual,
  sumOfProduct,
  readStream('stream_couple', 'x'),
  readStream('stream_uncouple', 'y'),
  scaledAfterNorm,
];

/** By the names of both. */
const table = new Map(fusions.map((fusion) => [`${fusion.first} ${fusion.second}`, fusion]));

const prefixed = <T>(prefix: string, named: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(named).map(([name, value]) => [`${prefix}.${name}`, value]));

/** One node that touches what the call of the two does, at the place of the first. */
function together(first: Node, second: Node, call: KernelCall, rootOf: (tensor: Tensor) => Tensor): Node {
  const roots = new Set(tensorsOf(call.tensors).map(rootOf));
  const touched = (named: Inputs) =>
    Object.fromEntries(Object.entries(named).filter(([, own]) => tensorsOf({ own }).some((one) => roots.has(rootOf(one)))));
  return {
    ...first,
    inputs: touched({ ...prefixed('first', first.inputs), ...prefixed('second', second.inputs) }),
    outputs: touched({ ...prefixed('first', first.outputs), ...prefixed('second', second.outputs) }) as Outputs,
  };
}

/** Nodes with their dispatches, fused wherever a rule says so. `kept` are values that must survive the program. */
export function fused(nodes: readonly LoweredNode[], locate: (tensor: Tensor) => Location, kept: readonly Tensor[] = []): LoweredNode[] {
  const rootOf = (tensor: Tensor): Tensor => locate(tensor).root;
  const same: Facts['same'] = (a, b) => {
    if (!a || !b || bytesOfTensor(a) !== bytesOfTensor(b)) return false;
    const [x, y] = [locate(a), locate(b)];
    return x.root === y.root && x.offset === y.offset;
  };
  /** The last node that touches a storage. */
  const last = new Map<Tensor, number>();
  for (const [i, { node }] of nodes.entries())
    for (const tensor of [...tensorsOf(node.inputs), ...tensorsOf(node.outputs)]) last.set(rootOf(tensor), i);
  for (const tensor of kept) last.set(rootOf(tensor), nodes.length);
  const fuse = (before: LoweredNode | undefined, after: LoweredNode, at: number): LoweredNode | undefined => {
    const [first, second] = [before?.calls[0], after.calls[0]];
    if (!first || !second || before?.calls.length !== 1 || after.calls.length !== 1) return undefined;
    const ends = (tensor: Tensor): boolean => {
      const root = rootOf(tensor);
      return root.role === 'transient' && (last.get(root) ?? at) <= at;
    };
    const call = table.get(`${first.kernel} ${second.kernel}`)?.fuse(first, second, { same, ends });
    return call && { node: together(before.node, after.node, call, rootOf), calls: [call] };
  };
  const made: LoweredNode[] = [];
  for (const [at, lowered] of nodes.entries()) {
    let one = lowered;
    // What two have become may fit the one before: a product, a copy of it, and dropout of that.
    for (let both = fuse(made.at(-1), one, at); both; both = fuse(made.at(-1), one, at)) {
      made.pop();
      one = both;
    }
    made.push(one);
  }
  return made;
}
