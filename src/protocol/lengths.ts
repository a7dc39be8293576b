// How long a text may be: what a model has positions for, less those of virtual tokens. Every way to a run or out of it asks here, so that what is
// planned is trained, and what is exported loads. Invariant: a length that passes `requireLength` fits every table of positions.

import { defaultTraining, type MethodOptions } from './config.ts';
import { RetraceError } from './errors.ts';
import { shortestLength } from './options/training.ts';

/** The padded sizes of a batch; a program is made for each. */
export interface Bucket {
  /** Tokens of a text. */
  readonly length: number;
  /** Tokens of what is written of it, in a model that reads with one stack and writes with another. */
  readonly target_length?: number;
  /** Words to predict in a text, at most; left out: as many as it has tokens. */
  readonly target_rows?: number;
}

/** Words to predict in a text, at most. */
export const wordsOf = ({ length, target_length = length, target_rows = target_length }: Bucket): number => target_rows;

export const longestOf = (buckets: readonly Bucket[]): number => buckets.reduce((most, { length }) => Math.max(most, length), 0);

/** Tokens that a decoder writes at most. */
export const longestTarget = (buckets: readonly Bucket[]): number =>
  buckets.reduce((most, { length, target_length = length }) => Math.max(most, target_length), 0);

interface Reads {
  readonly uses: readonly string[];
}

/** Virtual tokens stand on the first positions; texts on the rest. */
const taken = ({ uses }: Reads, options: Pick<MethodOptions, 'num_virtual_tokens'>): number =>
  uses.includes('num_virtual_tokens') ? options.num_virtual_tokens : 0;

/** The longest text, in tokens, special ones included. */
export const textPositions = (positions: number, method: Reads, options: Pick<MethodOptions, 'num_virtual_tokens'>): number =>
  positions - taken(method, options);

/** The length of a run where none is asked for: the usual one, or as much as the model takes. */
export const defaultLength = (most: number): number => Math.max(shortestLength, Math.min(defaultTraining.max_length, most));

export interface LengthRequest {
  readonly length: number;
  readonly positions: number;
  readonly method: Reads;
  readonly options: Pick<MethodOptions, 'num_virtual_tokens'>;
  readonly model: string;
}

/** Error `length-above-model`, with the longest that would do. */
export function requireLength({ length, positions, method, options, model }: LengthRequest): void {
  const virtual = taken(method, options);
  const most = positions - virtual;
  if (length <= most) return;
  const behind = virtual > 0 ? `, behind ${virtual} virtual tokens` : '';
  const fewer = most < shortestLength;
  throw new RetraceError({
    code: 'length-above-model',
    message: `A length of ${length} tokens is asked for${behind}; ${model} has ${positions} positions.`,
    where: fewer ? 'num_virtual_tokens' : 'max_length',
    remedy: fewer
      ? `Use fewer virtual tokens: at most ${positions - length}.`
      : `Use a length of at most ${most}${virtual > 0 ? ', or fewer virtual tokens' : ''}.`,
  });
}
