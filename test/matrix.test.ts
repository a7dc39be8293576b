// Every method under every policy that it does not refuse, over every kind of stream, on every architecture: it trains, what came back in the backward
// pass, in parts of slices of the batch, are the bits of `store` on the whole batch, and memory is what the plan says. A method or an architecture of a
// registry is covered by being there: every method on BERT, a selection on the others, and all of it with RETRACE_MATRIX=all.

import { describe, expect, test } from 'vitest';
import { type Batch, otherRows } from '../src/data/batches.ts';
import type { Method } from '../src/methods/method.ts';
import { methodNamed, methods, resolveOptions } from '../src/methods/registry.ts';
import { bert, readBertConfig } from '../src/models/bert.ts';
import type { Backbone } from '../src/models/model.ts';
import { usualDefaults } from '../src/models/registry.ts';
import {
  defaultTraining,
  type MethodChoices,
  type MethodName,
  type PolicyName,
  type Pooling,
  policyNames,
  type StreamKind,
  streamKinds,
} from '../src/protocol/config.ts';
import { trainableCount } from '../src/session/engine/setup.ts';
import type { BaseModel } from '../src/session/models/base_model.ts';
import { classification } from '../src/tasks/classification.ts';
import { sequenceToSequence } from '../src/tasks/sequence_to_sequence.ts';
import { type ProgramSetup, planPrograms } from '../src/train/programs.ts';
import { differences, differingNames, type Outcome, outcomeOf, smallChoices, smallShape } from './outcome.ts';
import { drawnTypes, randomBatch, randomModel, randomPictures } from './random_model.ts';
import { readVectorJson } from './testing.ts';

const B = 4;
const num_labels = 3;
/** Two padded lengths, and examples that begin where a binding may, so that the batch can run in two parts. */
const lengths = [6, 8];
const batches = [8, 6, 8].map((length, step) => randomBatch(step, B, length, smallShape.vocab_size, num_labels));
/** Of texts of these lengths, or of pictures. */
const batchesOf = (backbone: Backbone): readonly Batch[] =>
  backbone.config.image ? [0, 1, 2].map((step) => randomPictures(step, B, backbone, num_labels)) : batches;
const models = new Map(await Promise.all(drawnTypes.map(async (type) => [type, await randomModel(smallShape, type)] as const)));

/** Some of the tokens of a batch are to give a word. */
function withWords(batch: Batch): Batch {
  const R = B * batch.length;
  const asked = Array.from({ length: R }, (_, row) => row).filter(
    (row) => row % 3 > 0 && row % batch.length < (batch.inputs['lengths']?.[Math.floor(row / batch.length)] ?? 0),
  );
  const target_rows = Uint32Array.from({ length: R }, (_, i) => asked[i] ?? 0xffffffff);
  const labels = Int32Array.from({ length: R }, (_, i) => (i < asked.length ? (7 * i) % smallShape.vocab_size : -100));
  return { ...batch, inputs: { ...batch.inputs, target_rows, other_rows: otherRows(target_rows, R), labels }, counted: asked.length };
}

interface Row {
  readonly title: string;
  readonly type: string;
  readonly method: Method;
  readonly streams: StreamKind;
  readonly head?: 'words';
}

function train({ type, method, streams, head }: Row, policy: PolicyName): Promise<Outcome> {
  const model = models.get(type) as BaseModel;
  const training = { dropout: 0.1, warmup_ratio: 0, learning_rate: 1e-3 };
  const options = { ...smallChoices, streams };
  // Weights that layers share, or that embeddings share with logits, are summed in another order where a slice goes through all of its uses before the next.
  const slices = head === 'words' || method.name === 'read' ? {} : { micro_batch_size: 3 };
  const memory = policy === 'store' ? {} : { chunks: 2, ...slices };
  const asked = { model, method: method.name, policy, options, num_labels, batch_size: B, lengths, training, memory };
  // Few words at a time or all at once, there are the same bits.
  const change = (setup: ProgramSetup) => ({ ...setup, ...(policy === 'store' ? {} : { token_chunk: 16 }) });
  return head === 'words'
    ? outcomeOf({ ...asked, task: sequenceToSequence, change }, batches.map(withWords))
    : outcomeOf({ ...asked, pooling: 'mean' }, batchesOf(model.backbone()));
}

/** Every method on BERT; on each other architecture those that undo layers, and of the others every so manieth, each on one. All of it on request. */
const everywhere = process.env['RETRACE_MATRIX'] === 'all';
const [first, ...others] = drawnTypes;
const isCovered = (type: string, method: Method, i: number): boolean =>
  everywhere || type === first || !method.refuses('reversible') || others[i % others.length] === type;

const rows: Row[] = drawnTypes.flatMap((type) =>
  methods
    .filter((method, i) => isCovered(type, method, i) && !method.refusesModel?.((models.get(type) as BaseModel).backbone()))
    .flatMap((method): Row[] => {
      const kinds = method.uses.includes('streams') ? streamKinds : (['fixed'] as const);
      return kinds.map((streams) => ({
        title: `${method.name}${kinds.length > 1 ? ` over ${streams} streams` : ''} on ${type}`,
        ...{ type, method, streams },
      }));
    }),
);

/** Of a head of words: the table that it shares with the embeddings trains, or is frozen; one stack, or two. */
const rowsOfWords = [
  ['full', 'gpt2'],
  ['meft1', 'gpt2'],
  ['lora', 'opt'],
  ['meft1', 'bart'],
].map(
  ([name = '', type = '']): Row => ({
    title: `${name} on ${type}, words`,
    type,
    method: methodNamed(name),
    streams: 'fixed',
    head: 'words',
  }),
);

describe.each([...rows, ...rowsOfWords])('$title', (row) => {
  const { method, streams } = row;
  let stored: Promise<Outcome> | undefined;
  const trainStored = () => {
    stored ??= train(row, 'store');
    return stored;
  };
  const policies = policyNames.filter((policy) => !method.refuses(policy));

  test.each(policies)('under %s every parameter moves by the bits of store, and memory is as planned before and after', async (policy) => {
    const own = policy === 'store' ? await trainStored() : await train(row, policy);
    for (const { loss, grad_norm } of own.steps) {
      expect(loss).toBeGreaterThan(0);
      expect(grad_norm).toBeGreaterThan(0);
    }
    expect(differingNames(own.initial, own.parameters)).toEqual([...own.parameters.keys()]);

    const { planned, before, after, released } = own.memory;
    expect(before).toEqual(planned);
    expect(after).toEqual(planned);
    expect(released.total).toBe(0);

    if (policy === 'store') return;
    // What floats lose on the way back is measured elsewhere; the way there is the same.
    if (policy === 'reversible' && streams === 'float') expect(own.steps[0]?.loss).toBe((await trainStored()).steps[0]?.loss);
    else expect(differences(own, await trainStored())).toEqual([]);
  });
});

interface Counted {
  readonly method: MethodName;
  readonly hyper_parameters: MethodChoices;
  readonly mean: { readonly trainable_parameters: number };
  readonly cls: { readonly trainable_parameters: number };
}
const counted = readVectorJson<{ num_labels: number; cases: readonly Counted[] }>('counts/expected.json');

function countOf(method: Method, chosen: MethodChoices, pooling: Pooling): number {
  const backbone = bert(readBertConfig({}, 'BERT-base'));
  const options = resolveOptions(method, chosen, usualDefaults);
  const { registry } = planPrograms({
    task: classification,
    backbone,
    method,
    options,
    ranges: [{ from: options.frozen_layers, to: backbone.config.num_hidden_layers, policy: 'store' }],
    pooling,
    num_labels: counted.num_labels,
    storedType: () => 'f32',
    batch_size: 1,
    buckets: [{ length: 8 }],
    optimizer: defaultTraining,
    purposes: ['evaluation'],
  });
  return trainableCount(registry);
}

test.each(methods.map((method) => [method.name, method] as const))(
  "%s trains as many parameters of BERT-base as PyTorch's counts say",
  (_, method) => {
    const cases = counted.cases.filter(({ method: name }) => name === method.name);
    expect(cases).not.toEqual([]);
    for (const own of cases) {
      for (const pooling of ['mean', 'cls'] as const) {
        expect(countOf(method, own.hyper_parameters, pooling), `${JSON.stringify(own.hyper_parameters)}, ${pooling}`).toBe(
          own[pooling].trainable_parameters,
        );
      }
    }
  },
);
