// What an op is, and a node: one use of an op in a program, with its inputs and outputs by name.
// Not here: the ops themselves (ops/), the list of nodes that a trace makes (graph.ts).
// Invariant: the names of an op's inputs and outputs are the op's alone; passes over a graph go through all of them, in the order in which they were given.

import type { KernelName } from '../kernels/table.ts';
import type { Graph } from './graph.ts';
import type { DType, Tensor } from './tensor.ts';

/** Attributes of an op: plain values, so that a node can be printed and compared. */
export type Attributes = Readonly<Record<string, number | boolean | string>>;

/** Inputs of an op by name. A list is one input: the parts of a whole, the pieces of a table. */
export type Inputs = Readonly<Record<string, Tensor | readonly Tensor[] | undefined>>;

export type Outputs = Readonly<Record<string, Tensor | undefined>>;

/** Inputs of an op that reads nothing, outputs of one that only adds to its inputs. */
export type NoTensors = Readonly<Record<never, Tensor>>;

/** All tensors among inputs or outputs, in order. A loop that makes nothing else, because every pass over a graph asks this of every node. */
export function tensorsOf(named: Inputs): Tensor[] {
  const tensors: Tensor[] = [];
  for (const name in named) {
    const own = named[name];
    if (own === undefined) continue;
    if ('id' in own) tensors.push(own);
    else for (const one of own) tensors.push(one);
  }
  return tensors;
}

/** The input of this name, where it is one tensor and not a list. */
export function single(inputs: Inputs, name: string): Tensor | undefined {
  const input = inputs[name];
  return input && 'id' in input ? input : undefined;
}

export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype?: DType;
  readonly category?: 'adapter';
}

/** What each output will be; nothing for one that is not made. */
export type Specs<O> = { readonly [Name in keyof O]: TensorSpec | Extract<O[Name], undefined> };

/** Gradients of the inputs that have one. */
export type Gradients<I> = { readonly [Name in keyof I]?: Tensor | undefined };

type Name<Named> = keyof Named & string;

/** One dispatch that a node lowers to. */
export interface KernelCall {
  readonly kernel: KernelName;
  /** Binding name -> tensor; a binding that the overrides leave unused may be absent. */
  readonly tensors: Readonly<Record<string, Tensor | undefined>>;
  readonly uniforms: Readonly<Record<string, number>>;
  readonly overrides?: Readonly<Record<string, number>>;
  readonly headSize?: number;
  /** Which form of the kernel (src/kernels/forms.ts); the first where left out. Lowering gives it, no op does. */
  readonly form?: string;
}

/** What a node asks of the host: the program stops there, `reads` go to the host, and its answer is written to `writes`, in order. */
export interface HostCall {
  /** What is asked; it means something to the host alone. */
  readonly request: Attributes;
  readonly reads: readonly Tensor[];
  readonly writes: readonly Tensor[];
}

/** An op's place among parts of a whole: the parts lie inside the whole that is given (`split`), or a new whole is laid around them (`concat`). */
export interface View {
  readonly kind: 'split' | 'concat';
  readonly whole: Tensor;
  /** One after the other, from the first byte to the last. */
  readonly parts: readonly Tensor[];
}

/** A node that is being differentiated. */
export interface VjpContext<I extends Inputs = Inputs, O extends Outputs = Outputs, A extends Attributes = Attributes>
  extends Node<I, O, A> {
  readonly g: Graph;
  /** Gradients of the outputs that have one: at least one has. */
  readonly d_outputs: Gradients<O>;
  /** The gradient of an output without which the op has none; an error where the tape gives none. */
  d(output: Name<O>): Tensor;
  /** An output that is made only where gradients will be asked for; an error where it was not. */
  kept(output: Name<O>): Tensor;
  /** Whether an input needs a gradient. */
  needs(input: Name<I>): boolean;
  /** Takes the gradient that an input has so far, so that the op can accumulate into it; the op then returns the total. */
  take(input: Name<I>): Tensor | undefined;
}

/** What an op is. Its forward value is defined by the kernels that it lowers to, and those by test/reference. */
export interface Op<I extends Inputs = Inputs, O extends Outputs = Outputs, A extends Attributes = Attributes> {
  readonly name: string;
  /** Shape rule: specs of the outputs, or an Error that says what does not fit. */
  shapes(inputs: I, attributes: A): Specs<O>;
  /** Pairs [output, input] that share storage: the op consumes that input. A later reader gets a copy made before. */
  inPlace?(attributes: A): readonly (readonly [Name<O>, Name<I>])[];
  /** Inputs that the op writes without making a new value of them (gradients of parameters, results). */
  readonly accumulates?: readonly Name<I>[];
  /** For an op that moves nothing, and lowers to no kernel: which tensor lies in which. */
  view?(node: Node<I, O, A>): View;
  /** Vector-Jacobian product, made of other ops; gradients of the inputs, in the order in which they are added to what inputs have so far. */
  vjp?(context: VjpContext<I, O, A>): Gradients<I>;
  lower(node: Node<I, O, A>): readonly KernelCall[];
  /** For an op whose work is the host's; it lowers to no kernel. */
  host?(node: Node<I, O, A>): HostCall;
}

export interface Node<I extends Inputs = Inputs, O extends Outputs = Outputs, A extends Attributes = Attributes> {
  readonly op: Op;
  readonly inputs: I;
  readonly outputs: O;
  readonly attributes: A;
  readonly place: Place;
}

/** Where a node stands, for timelines and errors. */
export interface Place {
  /** `forward`, `backward`, `update`... */
  readonly phase: string;
  /** Outermost scope: `embeddings`, `encoder.layer.3`, `classifier`... */
  readonly section: string;
  /** Module path. */
  readonly path: string;
}
