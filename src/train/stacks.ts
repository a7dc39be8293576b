// The stacks of a backbone in a program: embeddings and frozen layers, the layers under their policies, the last hidden states; and the way back, from the
// gradient of those down to the embeddings. Where a stack reads another one's result, its way back begins the other's.
// Not here: what is made of the last result (outputs.ts), how activations come back (src/stack).

import { backward } from '../graph/differentiate.ts';
import type { Graph } from '../graph/graph.ts';
import { type Node, tensorsOf } from '../graph/op.ts';
import { addToLengths } from '../graph/ops/lengths.ts';
import { partition } from '../graph/ops/parts.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Wiring } from '../methods/method.ts';
import { unchangedLayer } from '../methods/single_stream.ts';
import type { KeyValueCache } from '../models/key_value_cache.ts';
import { type Backbone, noAdaptation, type Stack, type TokensBefore } from '../models/model.ts';
import type { Bucket } from '../protocol/lengths.ts';
import type { Layer } from '../stack/layers.ts';
import type { PolicyContext } from '../stack/policies/policy.ts';
import { forwardStack, type PolicyRange, runStack } from '../stack/stack.ts';
import { partsOfBatch } from './granularity.ts';
import type { ProgramSetup } from './programs.ts';

/** The layers that have a policy, numbered as the model's from the bottom of its first stack: those above the frozen ones. */
export const stackOf = ({
  backbone,
  options,
}: Pick<ProgramSetup, 'backbone' | 'options'>): { readonly from: number; readonly to: number } => ({
  from: options.frozen_layers,
  to: backbone.config.num_hidden_layers,
});

/** A stack, and where its layers stand among those of the model. */
interface NumberedStack extends Stack {
  readonly from: number;
  readonly to: number;
}

export function numberedStacks({ stacks }: Pick<Backbone, 'stacks'>): readonly NumberedStack[] {
  let from = 0;
  return stacks.map((stack) => {
    const numbered = { ...stack, from, to: from + stack.num_hidden_layers };
    from = numbered.to;
    return numbered;
  });
}

/** Tokens of an example that a stack works on: those that are read, or those that are written. */
export const lengthIn = ({ input_prefix }: Stack, { length, target_length = length }: Bucket): number =>
  input_prefix === '' ? length : target_length;

/** What of the ranges lies within layers [from, to). */
const within = (ranges: readonly PolicyRange[], from: number, to: number): PolicyRange[] =>
  ranges
    .map((range) => ({ ...range, from: Math.max(from, range.from), to: Math.min(to, range.to) }))
    .filter((range) => range.from < range.to);

export const trainsAny = (nodes: readonly Node[]): boolean =>
  nodes.some(({ inputs }) => tensorsOf(inputs).some((input) => input.role === 'parameter' && input.parameter?.trainable));

/** What is the same for all stacks of a program. */
export interface Scene {
  readonly g: Graph;
  readonly setup: ProgramSetup;
  readonly wiring: Wiring;
  readonly bucket: Bucket;
  /** Of texts that are written: what the topmost stack leaves for their next tokens. */
  readonly cache?: KeyValueCache;
}

/** What stands before the tokens; before those that follow others the prompt has been already. */
function beforeTokens({ g, wiring, cache }: Scene): TokensBefore | undefined {
  const before = wiring.adaptation.tokensBefore?.(g);
  return before && cache?.tokens === 'next' ? { first_position: before.first_position } : before;
}

/** Lengths [B] of what a stack reads, where that has run with the first tokens of a text. */
function readBefore({ g, setup: { backbone, batch_size }, cache }: Scene, { reads }: Stack): Tensor | undefined {
  if (reads === undefined || cache?.tokens !== 'next') return undefined;
  return g.input(`${backbone.stacks[reads]?.input_prefix}lengths`, [batch_size], 'u32');
}

const isTopmost = ({ setup: { backbone } }: Scene, { to }: NumberedStack): boolean => to === backbone.config.num_hidden_layers;

/** A stack that has run forward. */
export interface StackResult {
  readonly hidden: Tensor; // [B, T, C], the last hidden states
  readonly lengths: Tensor; // [B], tokens of each example, virtual ones included
}

interface Recorded<T> {
  readonly result: T;
  readonly tape: readonly Node[];
}

interface Begun {
  readonly context: PolicyContext;
  readonly lengths: Tensor;
  /** Embeddings and frozen layers, then how the streams begin. */
  readonly embedded: Recorded<Tensor>;
  readonly started: Recorded<readonly Tensor[]>;
  readonly layers: readonly Layer[];
  /** The first of those layers, numbered as the model's. */
  readonly first: number;
}

/** Everything below the layers that have a policy, and those layers, not run yet. */
function begin(scene: Scene, stack: NumberedStack, read: StackResult | undefined): Begun {
  const { g, setup, wiring, bucket } = scene;
  const { batch_size: B, options } = setup;
  const T = lengthIn(stack, bucket);
  const frozen = Math.min(stack.num_hidden_layers, Math.max(0, options.frozen_layers - stack.from));
  const ownLengths = g.input(`${stack.input_prefix}lengths`, [B], 'u32');
  let lengths = ownLengths;
  const cache = isTopmost(scene, stack) ? scene.cache : undefined;
  const given = read ? [read.hidden] : [];
  const given_lengths = read?.lengths ?? readBefore(scene, stack);
  const partsOf = (wholes: readonly Tensor[]) => partition([...wholes, ...given], partsOfBatch(setup, wiring, T));
  const below = () => {
    const h = g.section('embeddings', () => {
      const before = beforeTokens(scene);
      if (before?.prompt) lengths = addToLengths(g, ownLengths, before.prompt.shape[0] as number);
      return stack.embed(g, B, T, before);
    });
    if (frozen === 0) return h;
    const plain = stack.layers({ lengths, cache }, noAdaptation, given_lengths).slice(0, frozen).map(unchangedLayer);
    return forwardStack({ g, parts: partsOf([h]), given: given.length }, plain, [h, ...given])[0] as Tensor;
  };
  const embedded = g.record(() => (frozen > 0 ? g.frozen(below) : below()));
  const started = g.record(() => g.scope('embeddings', () => wiring.start(g, embedded.result)));
  const layers = stack
    .layers({ lengths, cache }, wiring.adaptation, given_lengths)
    .slice(frozen)
    .map((blocks) => wiring.layer(blocks));
  const context = { g, parts: partsOf(started.result), given: given.length };
  return { context, lengths, embedded, started, layers, first: stack.from + frozen };
}

/** The last hidden states, from the values of the streams above the layers. */
const finish = ({ g, wiring }: Scene, stack: Stack, values: readonly Tensor[]): Tensor =>
  g.section('pooler', () => wiring.finish(g, values, (h) => stack.finish(g, h)));

const readAll = ({ g, wiring }: Scene, streams: readonly Tensor[]): Tensor[] =>
  g.scope('pooler', () => streams.map((stream) => wiring.read(g, stream)));

/** A stack that has run forward and can run back. */
export interface StackRun extends StackResult {
  /** Whether a gradient of its result leads to anything that trains. */
  readonly trains: boolean;
  /** The stack that it reads. */
  readonly reads: StackRun | undefined;
  /** From the gradient of its result to those of parameters, and of the result that it reads where that one leads to any. */
  backward(d_hidden: Tensor): Tensor | undefined;
}

/** One stack of a training program, forward. `earlier`: those before it. */
export function trainStack(scene: Scene, stack: NumberedStack, earlier: readonly StackRun[]): StackRun {
  const { g, setup, wiring } = scene;
  const read = stack.reads === undefined ? undefined : (earlier[stack.reads] as StackRun);
  const { context, lengths, embedded, started, layers, first } = begin(scene, stack, read);
  const streams = [...started.result, ...(read ? [read.hidden] : [])];
  const ranges = within(setup.ranges, first, stack.to);
  const embeddingsTrain = trainsAny(embedded.tape);
  const startTrains = embeddingsTrain || trainsAny(started.tape);
  const givenTrains = read?.trains === true;
  const before = g.nodes.length;
  const { result: run, tape } = g.record(() => runStack(context, { first, layers }, ranges, streams));
  const layersTrain = startTrains || givenTrains || trainsAny(tape);
  // Where nothing trains nothing is kept, under any policy: the layers run forward alone, in parts.
  if (!layersTrain) g.nodes.length = before;
  const above = layersTrain ? run.streams : forwardStack(context, layers, streams);
  const values = readAll(scene, above.slice(0, started.result.length));
  const finished = g.record(() => finish(scene, stack, values));
  return {
    hidden: finished.result,
    lengths,
    trains: layersTrain || trainsAny(finished.tape),
    reads: read,
    backward(d_hidden) {
      const differentiable = values.filter((_, i) => layersTrain && !(wiring.constantStreams ?? []).includes(i));
      const found = backward(g, finished.tape, new Map([[finished.result, d_hidden]]), differentiable);
      if (!layersTrain) return undefined;
      const d_streams = streams.map((_, i) => found[differentiable.indexOf(values[i] as Tensor)]);
      const bottom = run.backward({ streams: run.streams, d_streams }, { own: startTrains, given: givenTrains });
      const d_started = bottom.d_streams.slice(0, started.result.length);
      if (startTrains) {
        const seeds = new Map(started.result.flatMap((stream, i) => (d_started[i] ? [[stream, d_started[i]]] : [])));
        const [d_embedded] = backward(g, started.tape, seeds, embeddingsTrain ? [embedded.result] : []);
        if (d_embedded) backward(g, embedded.tape, new Map([[embedded.result, d_embedded]]), []);
      }
      return bottom.d_streams[started.result.length];
    },
  };
}

/** One stack of a program that only runs forward. */
export function evaluateStack(scene: Scene, stack: NumberedStack, earlier: readonly StackResult[]): StackResult {
  const read = stack.reads === undefined ? undefined : (earlier[stack.reads] as StackResult);
  const { context, lengths, started, layers } = begin(scene, stack, read);
  const streams = forwardStack(context, layers, [...started.result, ...(read ? [read.hidden] : [])]);
  return { hidden: finish(scene, stack, readAll(scene, streams.slice(0, started.result.length))), lengths };
}
