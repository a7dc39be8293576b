// Options of memory: how activations come back in the backward pass. None of them changes a result, except what float streams lose when they are undone.

import * as v from 'valibot';
import { option, optionLeftOut } from './option.ts';
import { mostWide, whole } from './schemas.ts';

export const policyNames = ['store', 'checkpoint', 'reversible'] as const;
export type PolicyName = (typeof policyNames)[number];

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
  chunks: optionLeftOut({
    schema: whole(1, mostWide),
    leftOut: 'as many as keep 512 tokens in each part, at most 64',
    label: 'Chunks',
    help: 'Parts of the batch that a layer runs again one after the other. More parts take less memory and more time, with the same result.',
    reason: 'Parts of 512 tokens keep a small GPU busy.',
  }),
  token_chunk: optionLeftOut({
    schema: whole(1, mostWide),
    leftOut: '128',
    label: 'Tokens at a time',
    help: 'Tokens that a feed-forward pair works on at a time where it runs again. Fewer take less memory and more time, with the same result.',
    reason: '128 tokens are the rows of one tile of the matrix product, or a few.',
  }),
};
