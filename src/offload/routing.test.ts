import { expect, test } from 'vitest';
import { randomKey, randomUniform } from '../random/counter.ts';
import { largest } from './routing.ts';

test.each([1, 3, 8, 16])('the %i largest of numbers of which many are equal: the earlier ones of the equal, in their order', (count) => {
  const of = 16;
  const key = randomKey(count, 0, 0);
  for (let trial = 0; trial < 50; trial++) {
    const begin = 3;
    const x = Float32Array.from({ length: begin + of }, (_, i) => Math.floor(4 * randomUniform(key, trial * 32 + i)));
    const wanted = [...Array(of).keys()]
      .toSorted((a, b) => (x[begin + b] as number) - (x[begin + a] as number) || a - b)
      .slice(0, count)
      .toSorted((a, b) => a - b);
    const into = new Uint32Array(of);
    expect([...into.subarray(0, largest(x, begin, of, count, into))]).toEqual(wanted);
  }
});

test('more than there are gives all', () => {
  const into = new Uint32Array(4);
  expect(largest(Float32Array.of(1, 1, 0), 0, 3, 4, into)).toBe(3);
  expect([...into.subarray(0, 3)]).toEqual([0, 1, 2]);
});
