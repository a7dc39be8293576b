// The order of the data and its padding: which examples form which batch, and a batch as arrays for the GPU.
// Invariant: an epoch's order depends on lengths, batch size, seed and epoch alone, so that a resumed run goes on where it stopped.

import { permutation, randomKey, siteId } from '../random/counter.ts';
import type { TokenizedExample } from './dataset.ts';

export interface EpochOptions {
  /** [examples], tokens. */
  readonly lengths: Uint32Array;
  readonly batchSize: number;
  readonly seed: number;
  readonly epoch: number;
  /** Rows of like length together, so that little is padded. */
  readonly groupByLength: boolean;
}

/**
 * Indices of each batch of one epoch; the last may be short. With `groupByLength` as Transformers' `get_length_grouped_indices`: shuffle, cut
 * into megabatches of up to 50 batches, sort each from long to short, and put the longest row of all into the first batch, so that a lack
 * of memory shows at once. Then, unlike there, the other batches are shuffled: in sorted order each megabatch would end on its shortest,
 * hardest texts, and so would the run (first run at 200 steps: 90.6 % sorted).
 */
export function planEpoch({ lengths, batchSize, seed, epoch, groupByLength }: EpochOptions): Uint32Array[] {
  const rows = permutation(randomKey(seed, epoch, siteId('data.order')), lengths.length);
  if (groupByLength) sortMegabatches(rows, lengths, batchSize);
  const batches: Uint32Array[] = [];
  for (let at = 0; at < rows.length; at += batchSize) batches.push(rows.slice(at, at + batchSize));
  const [first, ...others] = batches;
  if (!groupByLength || first === undefined) return batches;
  const shuffled = permutation(randomKey(seed, epoch, siteId('data.batches')), others.length);
  const order = Array.from(shuffled, (i) => others[i] as Uint32Array);
  const isFull = ({ length }: Uint32Array) => length === batchSize;
  return [first, ...order.filter(isFull), ...order.filter((batch) => !isFull(batch))];
}

function sortMegabatches(order: Uint32Array, lengths: Uint32Array, batchSize: number): void {
  const size = Math.max(1, Math.min(Math.floor(order.length / (batchSize * 4)), 50)) * batchSize;
  const lengthOf = (example: number | undefined): number => (example === undefined ? 0 : (lengths[example] ?? 0));
  let longest = 0;
  for (let at = 0; at < order.length; at += size) {
    order.subarray(at, at + size).sort((a, b) => lengthOf(b) - lengthOf(a));
    if (lengthOf(order[at]) > lengthOf(order[longest])) longest = at;
  }
  const [first, found] = [order[0], order[longest]];
  if (first === undefined || found === undefined) return;
  order[0] = found;
  order[longest] = first;
}

/**
 * At most `most` padded lengths, ascending, each a multiple of `multiple` (or `maxLength` itself), the last covering the longest row:
 * those that pad the fewest tokens. A program is compiled for each, so they are few.
 */
export function chooseBuckets(
  lengths: Uint32Array,
  { multiple = 8, most = 6, maxLength }: { readonly multiple?: number; readonly most?: number; readonly maxLength: number },
): number[] {
  const rounded = (length: number): number => Math.min(maxLength, Math.max(1, Math.ceil(length / multiple)) * multiple);
  const rows = new Map<number, number>();
  for (const length of lengths) rows.set(rounded(length), (rows.get(rounded(length)) ?? 0) + 1);
  const candidates = [...rows.keys()].sort((a, b) => a - b);
  if (candidates.length === 0) return [rounded(multiple)];
  // best[j]: fewest padded tokens for all rows up to candidates[j], given the number of buckets of this round, and which buckets.
  type Choice = { readonly tokens: number; readonly buckets: readonly number[] };
  let best: (Choice | undefined)[] = [];
  for (let round = 0; round < Math.min(most, candidates.length); round++) {
    best = candidates.map((bucket, j) => {
      let rowsUpTo = 0;
      let choice: Choice | undefined = best[j];
      for (let i = j; i >= 0; i--) {
        rowsUpTo += rows.get(candidates[i] ?? 0) ?? 0;
        const before = i === 0 ? { tokens: 0, buckets: [] } : best[i - 1];
        if (before === undefined) continue;
        const tokens = before.tokens + rowsUpTo * bucket;
        if (choice === undefined || tokens < choice.tokens) choice = { tokens, buckets: [...before.buckets, bucket] };
      }
      return choice;
    });
  }
  return [...(best.at(-1)?.buckets ?? candidates)];
}

/** What stands for what a row should give: numbers of this type. */
export interface Targets {
  readonly dtype: 'i32' | 'f32';
  readonly per: 'example';
  /** Of a row that counts nothing. */
  readonly none: number;
}

/** Numbers of classes; -100 is PyTorch's ignore_index. */
export const classTargets: Targets = { dtype: 'i32', per: 'example', none: -100 };

/** A batch ready for the GPU; B = batch_size, T = length. Rows from `valid` on are fillers: no tokens, no target. */
export interface Batch {
  readonly batch_size: number;
  /** Padded length, one of the buckets. */
  readonly length: number;
  /** [B, T] */
  readonly input_ids: Uint32Array<ArrayBuffer>;
  /** [B, T] */
  readonly token_type_ids: Uint32Array<ArrayBuffer>;
  /** [B, T], 0 ... T-1 in every row; a model with an offset adds it. */
  readonly position_ids: Uint32Array<ArrayBuffer>;
  /** [B], tokens of each row; 0 for a filler. */
  readonly lengths: Uint32Array<ArrayBuffer>;
  /** [B], of the targets' type. */
  readonly labels: Int32Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
  readonly valid: number;
}

export interface CollateOptions {
  readonly batchSize: number;
  /** Ascending. */
  readonly buckets: readonly number[];
  readonly padTokenId: number;
  readonly targets: Targets;
}

/** Rows `indices` of `examples`, padded to the smallest bucket that holds the longest of them. Throws a RangeError where none does. */
export function collate(examples: readonly TokenizedExample[], indices: Uint32Array, options: CollateOptions): Batch {
  const { batchSize, buckets, padTokenId, targets } = options;
  const rows = Array.from(indices, (index) => examples[index]).filter((row) => row !== undefined);
  const longest = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const length = buckets.find((bucket) => bucket >= longest);
  if (length === undefined || rows.length !== indices.length || rows.length > batchSize) {
    throw new RangeError(
      `${indices.length} rows of up to ${longest} tokens do not fit a batch of ${batchSize} with buckets ${buckets.join(', ')}`,
    );
  }
  const batch: Batch = {
    batch_size: batchSize,
    length,
    input_ids: new Uint32Array(batchSize * length).fill(padTokenId),
    token_type_ids: new Uint32Array(batchSize * length),
    position_ids: Uint32Array.from({ length: batchSize * length }, (_, i) => i % length),
    lengths: new Uint32Array(batchSize),
    labels: (targets.dtype === 'f32' ? new Float32Array(batchSize) : new Int32Array(batchSize)).fill(targets.none),
    valid: rows.length,
  };
  rows.forEach((row, b) => {
    batch.input_ids.set(row.input_ids, b * length);
    batch.token_type_ids.set(row.token_type_ids, b * length);
    batch.lengths[b] = row.length;
    batch.labels[b] = row.label;
  });
  return batch;
}
