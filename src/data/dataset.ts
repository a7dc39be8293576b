// A data set as token ids, with the counts that people decide by: lengths, truncation, class balance. Not batches yet.
// Invariant: no stretch of work exceeds a slice, so that the thread that tokenises still answers.

import type { Dataset, Example } from './examples.ts';
import type { PictureFile, PreparedPicture } from './pictures/picture.ts';
import type { Encoded, Tokenizer } from './tokenizer.ts';

/** Words that a row is to give: the hidden states at position `at[i]` are to say that the word `ids[i]` comes. */
export interface Words {
  readonly at: Uint32Array; // [words], ascending
  readonly ids: Uint32Array; // [words]
  /** Of an answer: how long it is, in Unicode characters. */
  readonly characters?: number;
}

/** A sequence of tokens that goes through the model by itself. */
export interface TokenRow extends Encoded {
  /** What a decoder is to write of it, where that is not the row itself. */
  readonly target_ids?: Uint32Array;
  /** Of tasks whose outputs are words; places are the decoder's where one writes. */
  readonly words?: Words;
  /** Of tasks of pictures, whose rows have no ids. */
  readonly picture?: PictureFile | PreparedPicture;
}

export interface TokenizedExample {
  /** Most tasks make one row of an example; where answers are chosen among, each has one. */
  readonly rows: readonly TokenRow[];
  /** Its class or its right choice by number, or the number to predict. */
  readonly label: number;
  /** Tokens of its longest row. */
  readonly length: number;
}

/** An example of these rows. */
export const exampleOf = (rows: readonly TokenRow[], label: number): TokenizedExample => ({
  ...{ rows, label },
  length: rows.reduce((most, { length }) => Math.max(most, length), 0),
});

/** Makes rows of an example. */
export type EncodeExample = (example: Example, tokenizer: Tokenizer, maxLength: number) => readonly TokenRow[];

/** A text or a pair as one row, as the tokenizer has it. */
export const encodeTexts: EncodeExample = ({ text, textPair }, tokenizer, maxLength) => [tokenizer.encode(text, textPair, maxLength)];

const noIds = new Uint32Array();

/** A picture as one row of so many tokens. */
export const encodePicture = ({ text, picture }: Pick<Example, 'text' | 'picture'>, length: number): TokenRow => {
  if (picture === undefined) throw new Error(`the example '${text}' has no picture`);
  return { ...{ picture, length, fullLength: length, truncated: false }, ...{ input_ids: noIds, token_type_ids: noIds } };
};

export interface TokenizedDataset {
  readonly examples: readonly TokenizedExample[];
  readonly labels: readonly string[];
  /** [examples], tokens of the longest row after truncation. */
  readonly lengths: Uint32Array;
  readonly maxLength: number;
  /** How many rows were cut to `maxLength`. */
  readonly truncated: number;
  /** Rows by their length before truncation: `upTo` 8, 16, ... tokens, up to the longest. */
  readonly histogram: readonly { readonly upTo: number; readonly count: number }[];
  /** [labels], examples of each class. */
  readonly classCounts: readonly number[];
}

export interface TokenizeOptions {
  /** Tokens, special ones included; no more than the model has positions for. */
  readonly maxLength: number;
  /** Left out: `encodeTexts`. */
  readonly encode?: EncodeExample;
  /** Makes other examples of all; left out: they stay. */
  gather?(examples: readonly TokenizedExample[]): readonly TokenizedExample[];
  onProgress?(done: number, total: number): void;
  readonly signal?: AbortSignal;
}

const SLICE_MS = 12;
const HISTOGRAM_STEP = 8;

/** Lets other work go first. By a message and not by setTimeout, which a browser holds for 4 ms when it is asked again and again. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Tokenises in slices of about 12 ms, giving way to other work between them. Rejects with the signal's reason when it aborts. */
export async function tokenizeDataset(dataset: Dataset, tokenizer: Tokenizer, options: TokenizeOptions): Promise<TokenizedDataset> {
  const { maxLength, encode = encodeTexts, signal } = options;
  const examples: TokenizedExample[] = [];
  let sliceEnd = performance.now() + SLICE_MS;
  for (const example of dataset.examples) {
    examples.push(exampleOf(encode(example, tokenizer, maxLength), example.label));
    if (performance.now() < sliceEnd) continue;
    options.onProgress?.(examples.length, dataset.examples.length);
    await pause();
    signal?.throwIfAborted();
    sliceEnd = performance.now() + SLICE_MS;
  }
  options.onProgress?.(examples.length, dataset.examples.length);
  return countedDataset(options.gather?.(examples) ?? examples, dataset.labels, maxLength);
}

function countedDataset(examples: readonly TokenizedExample[], labels: readonly string[], maxLength: number): TokenizedDataset {
  const classCounts = labels.map(() => 0);
  for (const { label } of classCounts.length > 0 ? examples : []) classCounts[label] = (classCounts[label] ?? 0) + 1;
  const rows = examples.flatMap((example) => example.rows);
  return {
    examples,
    labels,
    lengths: Uint32Array.from(examples, (example) => example.length),
    maxLength,
    truncated: rows.filter(({ truncated }) => truncated).length,
    histogram: lengthHistogram(rows.map(({ fullLength }) => fullLength)),
    classCounts,
  };
}

function lengthHistogram(lengths: readonly number[]): { upTo: number; count: number }[] {
  const bins = Math.ceil(lengths.reduce((most, length) => Math.max(most, length), 1) / HISTOGRAM_STEP);
  const histogram = Array.from({ length: bins }, (_, i) => ({ upTo: (i + 1) * HISTOGRAM_STEP, count: 0 }));
  for (const length of lengths) {
    const bin = histogram[Math.max(0, Math.ceil(length / HISTOGRAM_STEP) - 1)];
    if (bin !== undefined) bin.count += 1;
  }
  return histogram;
}
