// The graph that a trace appends to: a list of nodes, and where the trace stands (phase, module path, example of the batch). Forward code, gradients and
// recomputation are all the same thing here, nodes in one list whose order is the order of execution.
// Not here: what an op means (ops/), where a tensor lies (src/plan), how it runs (src/gpu).
// Invariant: a node reads only what stands before it.

import { RetraceError } from '../protocol/errors.ts';
import { siteId } from '../random/counter.ts';
import type { Attributes, Inputs, Node, Op, Outputs, Place, TensorSpec } from './op.ts';
import type { Registry } from './registry.ts';
import {
  bytesOfTensor,
  bytesPerElement,
  type DType,
  type Initial,
  type Parameter,
  type StoredForm,
  sizeOf,
  type Tensor,
} from './tensor.ts';

export interface GraphOptions {
  readonly trains: (parameter: Pick<Parameter, 'name' | 'owner' | 'dense'>) => boolean;
  /** Stored type of frozen matrices; vectors are always widened to f32. */
  readonly storedType: (name: string) => 'f32' | 'f16';
  /** Dropout is active and what gradients need is kept. */
  readonly training: boolean;
  /** Tokens of a chunk: as many as a feed-forward pair works on at a time, where nothing of it is kept for a gradient. Left out: all. */
  readonly tokensAtATime?: number;
}

/**
 * Parameters of the backbone come from its checkpoint; a `buffer`, which never trains, may be absent there, and is zeros then. Those that a method or a head
 * adds say how they start. One that is `widened` is f32 here whatever its checkpoint has, as all vectors are.
 */
export type ParameterOptions = { readonly decay?: boolean; readonly dense?: true; readonly widened?: true } & (
  | { readonly owner?: 'backbone'; readonly mean?: 0 | 1; readonly stored?: StoredForm; readonly buffer?: 'zeros' }
  | { readonly owner: 'method' | 'head'; readonly initial: Initial }
);

/** How rows stand in their examples: `T` to an example, in order, and the first of them is its example's row `first`. */
export type ExampleRows = { readonly T: number; readonly first: number };

/** Owner and start of a parameter whose options name neither. */
type Origin = (parameter: Pick<Parameter, 'shape' | 'mean'>) => Pick<Parameter, 'owner' | 'initial'>;

export class Graph {
  readonly nodes: Node[] = [];
  readonly inputs = new Map<string, Tensor>();
  readonly registry: Registry;
  readonly options: GraphOptions;
  #place: Place = { phase: 'forward', section: '', path: '' };
  #firstExample = 0;
  #rowsPerExample = 1;
  #frozen = false;
  #origin: Origin = () => ({ owner: 'backbone', initial: { from: 'checkpoint' } });

  constructor(registry: Registry, options: GraphOptions) {
    this.registry = registry;
    this.options = options;
  }

  /** Tokens of a chunk. */
  get tokensAtATime(): number {
    return this.options.tokensAtATime ?? Number.POSITIVE_INFINITY;
  }

  get training(): boolean {
    return this.options.training;
  }

  /** Runs `build` at another place. */
  at<T>(place: Place, build: () => T): T {
    const outer = this.#place;
    this.#place = place;
    try {
      return build();
    } finally {
      this.#place = outer;
    }
  }

  /** Runs `build` with `name` appended to the module path. */
  scope<T>(name: string, build: () => T): T {
    const { phase, section, path } = this.#place;
    return this.at({ phase, section: section || name, path: path ? `${path}.${name}` : name }, build);
  }

  /** Runs `build` in a section of its own, at the same module path. */
  section<T>(section: string, build: () => T): T {
    return this.at({ ...this.#place, section }, build);
  }

  /** Runs `build` at another module path, in the same phase and section. */
  under<T>(path: string, build: () => T): T {
    return this.at({ ...this.#place, path }, build);
  }

  phase<T>(phase: string, build: () => T): T {
    return this.at({ ...this.#place, phase }, build);
  }

  /** Runs `build` at the place of a node, in the current phase. */
  beside<T>(node: Node, build: () => T): T {
    return this.at({ ...node.place, phase: this.#place.phase }, build);
  }

  /** Runs `build` for a part of the batch that begins at example `begin`. Lengths and dropout masks are the whole batch's, so its ops read them from there. */
  examples<T>(begin: number, build: () => T): T {
    const outer = this.#firstExample;
    this.#firstExample = begin;
    try {
      return build();
    } finally {
      this.#firstExample = outer;
    }
  }

  /** Runs `build` for tensors [N, C] that hold `T` rows of every example; elsewhere such tensors hold one of each. */
  rowsPerExample<R>(T: number, build: () => R): R {
    const outer = this.#rowsPerExample;
    this.#rowsPerExample = T;
    try {
      return build();
    } finally {
      this.#rowsPerExample = outer;
    }
  }

  /** How the rows of x [B, T, C] or [N, C] stand in their examples: what sums over rows go by. */
  exampleRows({ shape }: Tensor): ExampleRows {
    if (shape.length > 2) return { T: shape[1] as number, first: 0 };
    const T = this.#rowsPerExample;
    return { T, first: this.#firstExample % T };
  }

  /** Number in the batch of the first example of the part that is being traced (of its first row, where tensors are [N, C]); 0 for a whole batch. */
  get firstExample(): number {
    return this.#firstExample;
  }

  /** Runs `build`. Parameters that are named in it for the first time are frozen. */
  frozen<T>(build: () => T): T {
    const outer = this.#frozen;
    this.#frozen = true;
    try {
      return build();
    } finally {
      this.#frozen = outer;
    }
  }

  /** Runs `build`, forward code of a backbone, for another purpose: the parameters that it names are a method's, and start as `initial` says. */
  asMethod<T>(initial: (parameter: Pick<Parameter, 'shape' | 'mean'>) => Initial, build: () => T): T {
    const outer = this.#origin;
    this.#origin = (parameter) => ({ owner: 'method', initial: initial(parameter) });
    try {
      return build();
    } finally {
      this.#origin = outer;
    }
  }

  get path(): string {
    return this.#place.path;
  }

  /** Random stream of the current module path: the same in a forward pass and in its recompute. */
  site(name: string): number {
    return siteId(`${this.path}.${name}`);
  }

  /** A batch input, named as in Transformers where it has a name there. */
  input(name: string, shape: readonly number[], dtype: DType): Tensor {
    const known = this.inputs.get(name);
    if (known) return known;
    const created = this.registry.tensor({ name, shape, dtype, role: 'input' });
    this.inputs.set(name, created);
    return created;
  }

  /** The parameter `name` (full module path) of `shape`: trainable or frozen as the method says. A table above one binding comes in pieces. */
  parameter(name: string, shape: readonly number[], options: ParameterOptions = {}): Parameter {
    const { registry } = this;
    const known = registry.parameters.get(name);
    if (known) {
      if (known.shape.join() !== shape.join()) throw new Error(`parameter '${name}' used as [${shape}] and as [${known.shape}]`);
      return known;
    }
    const mean = ('mean' in options && options.mean) || 0;
    const { owner, initial } = 'initial' in options ? options : this.#origin({ shape, mean });
    const buffer = 'buffer' in options ? options.buffer : undefined;
    const dense = options.dense ? { dense: options.dense } : {};
    const trainable = !buffer && !this.#frozen && this.options.trains({ name, owner, ...dense });
    const columns = shape.at(-1) ?? 1;
    const dtype = trainable || options.widened || shape.length < 2 || columns % 4 !== 0 ? 'f32' : this.options.storedType(name);
    const tensors: Tensor[] = [];
    const parameter: Parameter = {
      name,
      owner,
      shape,
      ...dense,
      trainable,
      initial: buffer ? { from: 'checkpoint', absent: buffer } : initial,
      mean,
      ...('stored' in options ? { stored: options.stored } : {}),
      decay: options.decay ?? shape.length > 1,
      tensors,
    };
    const rows = shape.length > 1 ? (shape[0] as number) : 1;
    const rowBytes = (sizeOf(shape) / rows) * bytesPerElement[dtype];
    const most = Math.max(1, Math.floor(registry.maxBinding / rowBytes));
    // Kernels take rows four at a time where a table gives the logits of its words.
    const rowsPerPiece = most > 4 ? most - (most % 4) : most;
    for (let rowBegin = 0; rowBegin < rows; rowBegin += rowsPerPiece) {
      const count = Math.min(rowsPerPiece, rows - rowBegin);
      const pieceShape = shape.length > 1 ? [count, ...shape.slice(1)] : shape;
      tensors.push(registry.tensor({ name, shape: pieceShape, dtype, role: 'parameter', parameter, rowBegin }));
    }
    registry.parameters.set(name, parameter);
    return parameter;
  }

  /** The one tensor of a parameter that is not split. */
  weight(name: string, shape: readonly number[], options: ParameterOptions = {}): Tensor {
    const { tensors } = this.parameter(name, shape, options);
    if (tensors.length === 1) return tensors[0] as Tensor;
    const bytes = tensors.reduce((sum, tensor) => sum + bytesOfTensor(tensor), 0);
    throw aboveBinding(name, shape, bytes, this.registry.maxBinding);
  }

  /**
   * The parameter `name` of a method's module that lives off the GPU: it has no tensor there. What comes back stands for it among a node's inputs, so that
   * gradients flow to the node; it has no bytes and no kernel reads it.
   */
  hostParameter(name: string, shape: readonly number[], initial: Initial): Tensor {
    const { registry } = this;
    const known = registry.parameters.get(name);
    const owner = 'method';
    const trainable = this.options.trains({ name, owner });
    const parameter: Parameter = known ?? { name, owner, shape, trainable, initial, mean: 0, decay: true, tensors: [] };
    if (!known) registry.parameters.set(name, parameter);
    return registry.tensor({ name, shape: [0], dtype: 'f32', role: 'parameter', parameter });
  }

  #transient(name: string, { shape, dtype = 'f32', category }: TensorSpec): Tensor {
    return this.registry.tensor({ name, shape, dtype, role: 'transient', ...(category ? { category } : {}) });
  }

  /** Appends a node of `op`; returns its outputs. */
  apply<I extends Inputs, O extends Outputs, A extends Attributes>(op: Op<I, O, A>, inputs: I, attributes: A): O {
    const place = this.#place;
    const made: Record<string, Tensor> = {};
    for (const [name, spec] of Object.entries<TensorSpec | undefined>(op.shapes(inputs, attributes))) {
      if (spec) made[name] = this.#transient(`${place.path}:${op.name}.${name}`, spec);
    }
    // The shape rule names every output of O, and gives no spec only to one that may be absent.
    const outputs = made as O;
    this.nodes.push({ op, inputs, outputs, attributes, place });
    return outputs;
  }

  /** The nodes that `build` appends: a tape that can be differentiated. */
  record<T>(build: () => T): { result: T; tape: Node[] } {
    const begin = this.nodes.length;
    const result = build();
    return { result, tape: this.nodes.slice(begin) };
  }
}

const aboveBinding = (name: string, shape: readonly number[], bytes: number, binding: number) =>
  new RetraceError({
    code: 'tensor-above-binding',
    message: `The parameter '${name}' [${shape.join(', ')}] takes ${bytes} bytes; one binding holds ${binding}.`,
    where: name,
    remedy: 'Make it smaller (a rank, a bottleneck, a hidden size), or use a device with larger bindings.',
  });
