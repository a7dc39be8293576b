// Options of memory: how activations come back in the backward pass, and how many bytes a run may take. None of them changes a result, except what float streams lose when they are undone.

import * as v from 'valibot';
import { option, optionLeftOut } from './option.ts';
import { mostWide, whole } from './schemas.ts';

export const policyNames = ['store', 'checkpoint', 'reversible'] as const;
export type PolicyName = (typeof policyNames)[number];

export const granularityNames = ['frugal', 'balanced', 'fast'] as const;
export type GranularityName = (typeof granularityNames)[number];

const layers = whole(1, mostWide);
const policyRange = v.object({
  /** Layers [from, to) of the model, counted from its first layer, frozen ones included. */
  from: whole(0, mostWide),
  to: whole(0, mostWide),
  policy: v.picklist(policyNames),
  /** For `checkpoint`: layers a segment; for `reversible`: layers between snapshots of the streams (left out: none). */
  every: v.optional(layers),
});

export const memoryOptions = {
  memory_budget: optionLeftOut({
    schema: whole(1, Number.MAX_SAFE_INTEGER),
    leftOut: 'no budget',
    label: 'Memory budget',
    help: 'Bytes that a run may take on the GPU, all of them counted. What is left out of policy, ranges, checkpoint interval, granularity and micro-batch size is then chosen so that everything fits and a step is predicted to be fastest; what is given stays as it is.',
    reason: 'Nobody but you knows what else the device is used for.',
    unit: 'bytes',
  }),
  policy: optionLeftOut({
    schema: v.picklist(policyNames),
    leftOut: "the method's own",
    label: 'Activations',
    help: 'How activations come back in the backward pass: kept, computed again from kept inputs of layers, or rebuilt from the last two streams.',
    reason: 'The one that the method was made for.',
    flag: 'memory-policy',
  }),
  checkpoint_every: option({
    schema: layers,
    default: 1,
    label: 'Checkpoint every',
    help: 'Layers from one kept input to the next, under the policy checkpoint.',
    reason: 'A layer is the smallest part to run again, and inputs are small beside what is inside a layer.',
  }),
  snapshot_every: optionLeftOut({
    schema: layers,
    leftOut: 'no snapshot is kept',
    label: 'Snapshot every',
    help: 'Layers between kept float streams, under the policy reversible: what float loses while it rebuilds ends there.',
    reason: 'Fixed streams, the default, lose nothing that a snapshot could mend.',
  }),
  ranges: optionLeftOut({
    schema: v.array(policyRange),
    leftOut: 'one policy for all layers',
    label: 'Layers',
    help: 'Layers under policies of their own, in place of one policy for all, such as 0-8:reversible,8-12:store.',
    reason: 'One policy is simplest, and what it takes is known.',
    form: 'FROM-TO:POLICY,...',
  }),
  micro_batch_size: optionLeftOut({
    schema: whole(1, mostWide),
    leftOut: 'the whole batch',
    label: 'Micro-batch size',
    help: 'Examples of a batch that go forward and back at a time; their gradients add up to those of the batch: to the last bit, but where layers share weights (READ) or a table that trains both reads words and writes them (full); there up to rounding. Fewer take less memory, and small matrix products.',
    reason: 'The whole batch at a time is fastest; reversible layers need little memory for it.',
  }),
  granularity: optionLeftOut({
    schema: v.picklist(granularityNames),
    leftOut: 'frugal on a processor, balanced on a GPU',
    label: 'Granularity',
    help: 'How much of a batch layers work on at a time, where activations are not all kept: 512 tokens and 128 of them in a feed-forward pair (frugal), 1,024 (balanced), or the whole batch (fast). More takes more memory and fewer dispatches, with the same result to the last bit.',
    reason: 'A processor works as fast on few tokens as on many; a GPU stands mostly idle in small dispatches.',
  }),
  chunks: optionLeftOut({
    schema: whole(1, mostWide),
    leftOut: 'by the granularity, at most 64',
    label: 'Chunks',
    help: 'Parts of the batch that a layer runs again one after the other. More parts take less memory and more time, with the same result.',
    reason: 'The granularity says how many tokens a part has.',
  }),
  token_chunk: optionLeftOut({
    schema: whole(1, mostWide),
    leftOut: 'by the granularity',
    label: 'Tokens at a time',
    help: 'Tokens that a feed-forward pair works on at a time where it runs again. Fewer take less memory and more time, with the same result. Sums over rows are made by blocks of 64 tokens of a text, so that no fewer than a block are taken.',
    reason: 'The granularity says how many.',
  }),
};
