// Which token comes next, from logits: the processors of Transformers' generate in its order, then the likeliest token, or a draw by the counter generator.
// Pure functions over one row of logits. Invariant: the same logits, tokens before, options and seed give the same token, whatever else is written.

import type { GenerationOptions } from '../protocol/config.ts';
import { randomKey, randomUniform, siteId } from '../random/counter.ts';

export type SamplingOptions = Pick<GenerationOptions, 'do_sample' | 'temperature' | 'top_k' | 'top_p' | 'repetition_penalty'>;

/** Scores of tokens that stand in the text already are divided by the penalty where they are positive, else multiplied (Keskar et al. 2019). */
function penalise(scores: Float32Array, before: readonly number[], penalty: number): void {
  for (const token of new Set(before)) {
    const score = scores[token];
    if (score !== undefined) scores[token] = score < 0 ? score * penalty : score / penalty;
  }
}

/** The k-th largest score. */
const kthLargest = (scores: Float32Array, k: number): number => Float32Array.from(scores).sort()[Math.max(0, scores.length - k)] as number;

/** e^(score - largest), and their sum. */
function weightsOf(scores: Float32Array): { readonly weights: Float64Array; readonly sum: number } {
  const largest = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = Float64Array.from(scores, (score) => Math.exp(score - largest));
  return { weights, sum: weights.reduce((a, b) => a + b, 0) };
}

/** Leaves the fewest tokens whose probabilities sum to `p` (Holtzman et al. 2020): drops from the least likely up while what is dropped is at most 1 - p. */
function keepNucleus(scores: Float32Array, p: number): void {
  const { weights, sum } = weightsOf(scores);
  const order = Uint32Array.from(scores.keys()).sort((a, b) => (scores[a] as number) - (scores[b] as number) || a - b);
  let dropped = 0;
  for (const token of order.subarray(0, -1)) {
    dropped += (weights[token] as number) / sum;
    if (dropped > 1 - p) return;
    scores[token] = Number.NEGATIVE_INFINITY;
  }
}

/** What is chosen from, of logits [V]: log-probabilities but for a constant; -Infinity is never chosen. */
export function processed(logits: Float32Array, before: readonly number[], options: SamplingOptions): Float32Array<ArrayBuffer> {
  const { do_sample, temperature, top_k, top_p, repetition_penalty } = options;
  const scores = Float32Array.from(logits);
  if (repetition_penalty !== 1) penalise(scores, before, repetition_penalty);
  if (!do_sample) return scores;
  if (temperature !== 1) for (const [i, score] of scores.entries()) scores[i] = score / temperature;
  if (top_k > 0) {
    const least = kthLargest(scores, top_k);
    for (const [i, score] of scores.entries()) if (score < least) scores[i] = Number.NEGATIVE_INFINITY;
  }
  if (top_p < 1) keepNucleus(scores, top_p);
  return scores;
}

/** The largest score; of equal ones the first. */
const likeliest = (scores: Float32Array): number => scores.indexOf(scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY));

export interface Draw {
  readonly seed: number;
  /** Number of the text, and of the token in it. */
  readonly text: number;
  readonly token: number;
}

/** The next token of a text whose tokens so far are `before`. */
export function nextToken(logits: Float32Array, before: readonly number[], options: SamplingOptions, draw: Draw): number {
  const scores = processed(logits, before, options);
  if (!options.do_sample) return likeliest(scores);
  const { weights, sum } = weightsOf(scores);
  let left = randomUniform(randomKey(draw.seed, draw.text, siteId('generate.sample')), draw.token) * sum;
  for (const [token, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return token;
  }
  // Rounding has left the sum a little short.
  return likeliest(scores);
}
