// The order of the data and its padding: which examples form which batch, and a batch as arrays for the GPU.
// Invariant: an epoch's order depends on lengths, batch size, seed and epoch alone, so that a resumed run goes on where it stopped.

import { type Bucket, wordsOf } from '../protocol/lengths.ts';
import { permutation, randomKey, siteId } from '../random/counter.ts';
import type { TokenizedExample, TokenRow } from './dataset.ts';
import type { PictureFile, PreparedPicture } from './pictures/picture.ts';

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

/** What padded lengths are multiples of. */
const usualMultiple = 8;
/** The next multiple, or as much as there may be. */
export const paddedTo = (length: number, multiple: number, most: number): number =>
  Math.min(most, Math.max(1, Math.ceil(length / multiple)) * multiple);

/**
 * At most `most` padded lengths, ascending, each a multiple of `multiple` (or `maxLength` itself), the last covering the longest row:
 * those that pad the fewest tokens. A program is compiled for each, so they are few.
 */
export function chooseBuckets(
  lengths: Uint32Array,
  { multiple = usualMultiple, most = 6, maxLength }: { readonly multiple?: number; readonly most?: number; readonly maxLength: number },
): Bucket[] {
  const rounded = (length: number): number => paddedTo(length, multiple, maxLength);
  const rows = new Map<number, number>();
  for (const length of lengths) rows.set(rounded(length), (rows.get(rounded(length)) ?? 0) + 1);
  const candidates = [...rows.keys()].sort((a, b) => a - b);
  if (candidates.length === 0) return [{ length: rounded(multiple) }];
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
  return (best.at(-1)?.buckets ?? candidates).map((length) => ({ length }));
}

/** Padded sizes for examples, of which each row may also come by itself. */
export function bucketsFor(examples: readonly TokenizedExample[], maxLength: number): Bucket[] {
  const rows = examples.flatMap((example) => example.rows);
  const buckets = chooseBuckets(
    Uint32Array.from(rows, ({ length }) => length),
    { maxLength },
  );
  if (!rows.some(({ words }) => words)) return buckets;
  return buckets.map((bucket) => {
    const fitting = rows.filter(({ length }) => length <= bucket.length);
    const longest = (of: (row: TokenRow) => number | undefined) => fitting.reduce((most, row) => Math.max(most, of(row) ?? 0), 1);
    const written = fitting.some(({ target_ids }) => target_ids);
    return {
      ...bucket,
      ...(written
        ? {
            target_length: paddedTo(
              longest(({ target_ids }) => target_ids?.length),
              usualMultiple,
              maxLength,
            ),
          }
        : {}),
      target_rows: longest(({ words }) => words?.at.length),
    };
  });
}

/** What stands for what should come out: numbers of this type, one for each example or for each of its words. */
export interface Targets {
  readonly dtype: 'i32' | 'f32';
  readonly per: 'example' | 'word';
  /** Of a place that counts nothing. */
  readonly none: number;
}

/** Numbers of classes or choices; -100 is PyTorch's ignore_index. */
export const classTargets: Targets = { dtype: 'i32', per: 'example', none: -100 };

/** Words by their ids. */
export const wordTargets: Targets = { dtype: 'i32', per: 'word', none: -100 };

/** Numbers of a program's input, row-major. */
export type InputValues = Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

/** A batch ready for the GPU. Rows that no example fills have no tokens and no target. N examples of k rows each make B = N · k rows. */
export interface Batch {
  /** The length of its bucket. */
  readonly length: number;
  /** By the names of the programs' inputs; programs read those that they name. */
  readonly inputs: Readonly<Record<string, InputValues>>;
  /** Targets that count in the loss. */
  readonly counted: number;
  /** Tokens without padding. */
  readonly tokens: number;
  /** Of a slice of a batch: rows of the batch before its own; left out: 0. */
  readonly first_example?: number;
  /** Of rows of pictures, by their place in the batch: what is still to be read into its inputs. */
  readonly pictures?: readonly (PictureFile | PreparedPicture | undefined)[];
}

/** Rows by their place in a batch; where a place is left empty, undefined. */
type Places = readonly (Tokens | undefined)[];

type Tokens = Pick<TokenRow, 'input_ids' | 'token_type_ids' | 'length'>;

/** What a decoder reads of a row: the tokens that it is to write, or the row's own, one place later. */
function shifted({ target_ids, input_ids, token_type_ids, length }: TokenRow, start: number): Tokens {
  const written = target_ids ?? input_ids.subarray(0, length);
  const ids = new Uint32Array(written.length);
  ids.set(written.subarray(0, written.length - 1), 1);
  ids[0] = start;
  return { input_ids: ids, token_type_ids: target_ids ? new Uint32Array(written.length) : token_type_ids, length: written.length };
}

const prefixed = (prefix: string, inputs: Readonly<Record<string, InputValues>>): Record<string, InputValues> =>
  Object.fromEntries(Object.entries(inputs).map(([name, values]) => [prefix + name, values]));

/** Inputs of a stack that reads tokens: ids and types [B, T], positions 0 ... T-1 (a model with an offset adds it), lengths [B]. */
function tokenInputs(rows: Places, B: number, T: number, padTokenId: number) {
  const inputs = {
    input_ids: new Uint32Array(B * T).fill(padTokenId),
    token_type_ids: new Uint32Array(B * T),
    position_ids: Uint32Array.from({ length: B * T }, (_, i) => i % T),
    lengths: new Uint32Array(B),
  };
  for (const [b, row] of rows.entries()) {
    if (row === undefined) continue;
    inputs.input_ids.set(row.input_ids, b * T);
    inputs.token_type_ids.set(row.token_type_ids, b * T);
    inputs.lengths[b] = row.length;
  }
  return inputs;
}

/** What is added to the scores [N, k] of choices: nothing, or where an example has no such choice what leaves it no probability. */
function absentChoices(rows: readonly (TokenRow | undefined)[], examples: number, N: number, k: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: N * k }, (_, place) => (place < examples * k && rows[place] === undefined ? -1e30 : 0));
}

/** The words of a batch: the rows of hidden states [B · T] that are to give one, in ascending order, and which one; R places for them. Then all other rows. */
function wordInputs(rows: readonly (TokenRow | undefined)[], B: number, T: number, R: number, none: number) {
  const target_rows = new Uint32Array(R).fill(0xffffffff);
  const labels = new Int32Array(R).fill(none);
  let r = 0;
  for (const [b, row] of rows.entries()) {
    const { at, ids } = row?.words ?? noWords;
    for (const [i, position] of at.entries()) {
      target_rows[r] = b * T + position;
      labels[r++] = ids[i] as number;
    }
  }
  return { target_rows, labels, other_rows: otherRows(target_rows, B * T) };
}

/** Those of N rows that are not among these, in ascending order, with as many places as there are rows. */
export function otherRows(rows: Uint32Array, N: number): Uint32Array<ArrayBuffer> {
  const named = new Set(rows);
  const others = new Uint32Array(N).fill(0xffffffff);
  let at = 0;
  for (let row = 0; row < N; row++) if (!named.has(row)) others[at++] = row;
  return others;
}

const noWords = { at: new Uint32Array(), ids: new Uint32Array() };

export interface CollateOptions {
  /** Examples. */
  readonly batchSize: number;
  /** Rows of each, those that it lacks filled up; left out: 1. */
  readonly rowsPerExample?: number;
  /** Ascending. */
  readonly buckets: readonly Bucket[];
  readonly padTokenId: number;
  readonly targets: Targets;
  /** Of a model whose decoder reads what is written: the token before the first. Left out: the model has none. */
  readonly decoderStart?: number | undefined;
}

/** The smallest bucket that holds all rows of examples; undefined where none does. */
function bucketOf(examples: readonly TokenizedExample[], buckets: readonly Bucket[]): Bucket | undefined {
  const longest = examples.reduce((most, { length }) => Math.max(most, length), 0);
  const written = examples.flatMap(({ rows }) => rows).reduce((most, { target_ids }) => Math.max(most, target_ids?.length ?? 0), 0);
  return buckets.find(({ length, target_length = length }) => length >= longest && target_length >= written);
}

const examplesAt = (examples: readonly TokenizedExample[], indices: Uint32Array): TokenizedExample[] =>
  Array.from(indices, (index) => examples[index]).filter((example) => example !== undefined);

/**
 * Examples `indices` in slices of `batchSize`, the last filled up, each padded to the bucket that holds all of them: dropout and sums over rows are then those of one
 * batch. Throws a RangeError where no bucket does.
 */
export function collateSlices(examples: readonly TokenizedExample[], indices: Uint32Array, options: CollateOptions): Batch[] {
  const { batchSize: N, rowsPerExample: k = 1, buckets } = options;
  const bucket = bucketOf(examplesAt(examples, indices), buckets);
  return Array.from({ length: Math.max(1, Math.ceil(indices.length / N)) }, (_, i) => {
    const slice = collate(examples, indices.slice(i * N, (i + 1) * N), { ...options, buckets: bucket ? [bucket] : buckets });
    return i === 0 ? slice : { ...slice, first_example: i * N * k };
  });
}

/** Examples `indices`, padded to the smallest bucket that holds the longest of their rows. Throws a RangeError where none does. */
export function collate(examples: readonly TokenizedExample[], indices: Uint32Array, options: CollateOptions): Batch {
  const { batchSize: N, rowsPerExample: k = 1, buckets, padTokenId, targets, decoderStart } = options;
  const taken = examplesAt(examples, indices);
  const rows = taken.flatMap((example) => Array.from({ length: k }, (_, i) => example.rows[i]));
  const longest = taken.reduce((most, { length }) => Math.max(most, length), 0);
  const bucket = bucketOf(taken, buckets);
  const asked = rows.reduce((sum, row) => sum + (row?.words?.at.length ?? 0), 0);
  const R = N * k * (bucket === undefined ? 0 : wordsOf(bucket));
  const fits = taken.length === indices.length && taken.length <= N && taken.every((example) => example.rows.length <= k) && asked <= R;
  if (bucket === undefined || !fits) {
    const sizes = buckets.map((one) => `${one.length} (${wordsOf(one)} words)`).join(', ');
    throw new RangeError(
      `${indices.length} examples of up to ${longest} tokens with ${asked} words to predict do not fit a batch of ${N} with ${k} rows each and buckets ${sizes}`,
    );
  }
  const tokens = rows.reduce((sum, row) => sum + (row?.length ?? 0), 0);
  const { length: T, target_length = T } = bucket;
  const ofDecoder =
    decoderStart === undefined
      ? {}
      : prefixed(
          'decoder_',
          tokenInputs(
            rows.map((row) => row && shifted(row, decoderStart)),
            N * k,
            target_length,
            padTokenId,
          ),
        );
  const inputs = { ...tokenInputs(rows, N * k, T, padTokenId), ...ofDecoder };
  if (targets.per === 'word') {
    const words = wordInputs(rows, N * k, decoderStart === undefined ? T : target_length, R, targets.none);
    return { length: T, inputs: { ...inputs, ...words }, counted: asked, tokens };
  }
  const labels = (targets.dtype === 'f32' ? new Float32Array(N) : new Int32Array(N)).fill(targets.none);
  labels.set(taken.map(({ label }) => label));
  const absent_choices = k > 1 ? { absent_choices: absentChoices(rows, taken.length, N, k) } : {};
  const pictures = rows.some((row) => row?.picture) ? { pictures: rows.map((row) => row?.picture) } : {};
  return { ...pictures, length: T, inputs: { ...inputs, ...absent_choices, labels }, counted: taken.length, tokens };
}
