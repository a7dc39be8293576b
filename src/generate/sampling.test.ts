// Processors against Transformers' own, and draws against the probabilities that they are of.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defaultGeneration } from '../protocol/config.ts';
import { nextToken, processed, type SamplingOptions } from './sampling.ts';

interface Recorded {
  readonly processed: {
    readonly logits: number[];
    readonly seen: number[];
    readonly cases: readonly { readonly options: Partial<SamplingOptions>; readonly scores: readonly (number | null)[] }[];
  };
}
const file = new URL('../../python/vectors/generation/expected.json', import.meta.url);
const { logits, seen, cases } = (JSON.parse(readFileSync(file, 'utf8')) as Recorded).processed;
const drawing = { ...defaultGeneration, do_sample: true, top_k: 0 };

test.each(cases.map((own) => [JSON.stringify(own.options), own] as const))(
  "%s: the scores of Transformers' processors",
  (_, { options, scores }) => {
    const found = processed(Float32Array.from(logits), seen, { ...drawing, ...options });
    expect(found.length).toBe(scores.length);
    for (const [i, score] of scores.entries()) {
      if (score === null) expect(found[i]).toBe(Number.NEGATIVE_INFINITY);
      else expect(Math.abs((found[i] as number) - score)).toBeLessThan(1e-5);
    }
  },
);

test('greedy takes the likeliest token, of equal ones the first, whatever only draws go by', () => {
  const greedy = { ...defaultGeneration, temperature: 3, top_k: 1, top_p: 0.1 };
  const draw = { seed: 1, text: 0, token: 0 };
  expect(nextToken(Float32Array.of(1, 7, 3, 7), [], greedy, draw)).toBe(1);
  expect(nextToken(Float32Array.of(1, 7, 3, 6), [1], { ...greedy, repetition_penalty: 1.5 }, draw)).toBe(3);
});

test('draws come as often as their probabilities say, and the same seed draws the same', () => {
  const row = Float32Array.of(Math.log(1), Math.log(5), Math.log(3), Math.log(1));
  const draws = (seed: number, count: number) =>
    Array.from({ length: count }, (_, token) => nextToken(row, [], drawing, { seed, text: 0, token }));
  const many = draws(3, 4_000);
  for (const [token, share] of [0.1, 0.5, 0.3, 0.1].entries()) {
    // Four standard deviations of a share of 4,000 draws are below 0.032.
    expect(Math.abs(many.filter((drawn) => drawn === token).length / many.length - share)).toBeLessThan(0.032);
  }
  expect(draws(3, 50)).toEqual(many.slice(0, 50));
  expect(draws(4, 50)).not.toEqual(many.slice(0, 50));
});
