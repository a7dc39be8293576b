// Granularity: how much of a batch a dispatch works on. Small parts take little memory and many dispatches, which a processor does not mind; a GPU of thousands of
// threads stands mostly idle in them. Not here: how a batch is worked on in parts (src/stack), which granularity a device wants (src/session).
// Invariant: it changes no bit of a result: sums over rows go by blocks, which no part cuts (docs/adr/0010-sums-by-blocks.md).

import type { Wiring } from '../methods/method.ts';
import type { GranularityName } from '../protocol/config.ts';
import type { Bucket } from '../protocol/lengths.ts';

interface Granularity {
  /** Tokens of a part of the batch, which a layer works on at a time, at least. */
  readonly part: number;
  /** Tokens of a chunk, which a feed-forward pair works on at a time where it is not taped, and a head. */
  readonly chunk: number;
  /** Bytes of the logits of words that are there at a time. */
  readonly logits: number;
  /** Whether short texts of an evaluation go together in larger batches than those of training. */
  readonly evaluations: 'as training' | 'larger';
}

/** As many tokens as there are. */
const whole = Number.POSITIVE_INFINITY;

/** The logits of BERT's or GPT-2's vocabulary for some 64 rows: not more than a layer works in at the usual size of a batch. */
const fewLogits = 12 * 2 ** 20;

const granularities: Readonly<Record<GranularityName, Granularity>> = {
  frugal: { part: 512, chunk: 128, logits: fewLogits, evaluations: 'as training' },
  balanced: { part: 1024, chunk: 1024, logits: 4 * fewLogits, evaluations: 'larger' },
  fast: { part: whole, chunk: whole, logits: 16 * fewLogits, evaluations: 'larger' },
};

/** Each part, and each chunk, are dispatches of their own, which are planned and encoded: past so many parts, both grow instead. */
const mostParts = 64;

/** What of a run's setup granularity depends on. */
export interface GranularitySetup {
  readonly batch_size: number;
  /** Left out: frugal. */
  readonly granularity?: GranularityName | undefined;
  /** Parts that layers work on a batch in; left out: by the granularity. */
  readonly chunks?: number | undefined;
  /** Tokens that a feed-forward pair takes at a time where it is not taped; left out: by the granularity. */
  readonly token_chunk?: number | undefined;
}

const rowOf = (setup: GranularitySetup): Granularity => granularities[setup.granularity ?? 'frugal'];

/** Parts of a batch of texts of T tokens. */
export function partsOfBatch(setup: GranularitySetup, { wholeBatch }: Wiring, T: number): number {
  const { batch_size: B, chunks } = setup;
  if (wholeBatch === 'always') return 1;
  return chunks ?? (wholeBatch ? 1 : Math.max(1, Math.min(B, mostParts, Math.floor((B * T) / rowOf(setup).part))));
}

/** Tokens that a feed-forward pair, and the head, take at a time. */
export function tokensAtATime(setup: GranularitySetup, { wholeBatch }: Wiring, { length: T }: Bucket): number {
  const { part, chunk } = rowOf(setup);
  if (wholeBatch) return whole;
  const usual = chunk === whole ? whole : Math.max(chunk, Math.ceil((setup.batch_size * T * chunk) / (mostParts * part)));
  return setup.token_chunk ?? usual;
}

/** Rows of words whose logits are there at a time; a part of them begins where labels may be bound. */
export const rowsOfWords = (setup: GranularitySetup, vocab_size: number): number =>
  Math.max(64, Math.floor(rowOf(setup).logits / (4 * vocab_size) / 64) * 64);

/** Whether short texts of an evaluation go together in larger batches than those of training. */
export const growsEvaluations = (setup: GranularitySetup): boolean => rowOf(setup).evaluations === 'larger';
