// Sizes of slices from what slices took: a function of numbers, without a device, and the clockwork around it with a queue that a test ends by hand.

import { afterEach, expect, test, vi } from 'vitest';
import { nextSize, Slices } from './slices.ts';

afterEach(() => vi.restoreAllMocks());

/** Sizes on a device of this rate, until they stay. */
function sizesAt(perMs: number, overhead = 0): number[] {
  const sizes = [4e9];
  for (let i = 0; i < 40; i++) {
    const size = sizes.at(-1) as number;
    const next = nextSize(size, { work: size, ms: overhead + size / perMs });
    if (next === size) break;
    sizes.push(next);
  }
  return sizes;
}

test.each([1e6, 1e7, 1e8, 3e8, 1e9, 1e10])('at %d multiply-adds a millisecond slices come to take 30 to 60 ms, and stay', (perMs) => {
  const size = sizesAt(perMs).at(-1) as number;
  expect(size / perMs).toBeGreaterThanOrEqual(30);
  expect(size / perMs).toBeLessThanOrEqual(60);
  expect(nextSize(size, { work: size, ms: size / perMs })).toBe(size);
});

test('a slice that took from 30 to 60 ms changes nothing', () => {
  for (const ms of [30, 45, 60]) expect(nextSize(4e9, { work: 4e9, ms })).toBe(4e9);
});

test('one time moves a size by no more than twice and a quarter', () => {
  expect(nextSize(4e9, { work: 4e9, ms: 0 })).toBe(8e9);
  expect(nextSize(4e9, { work: 4e9, ms: 1e6 })).toBe(1e9);
});

test('a slice that was not full never makes slices larger; one that took too long makes them smaller', () => {
  expect(nextSize(4e9, { work: 1e5, ms: 1 })).toBe(4e9);
  expect(nextSize(4e9, { work: 1e9, ms: 100 })).toBe(1e9);
});

test('sizes stay within bounds, whatever times say', () => {
  let [fast, slow] = [4e9, 4e9];
  for (let i = 0; i < 40; i++) {
    fast = nextSize(fast, { work: fast, ms: 0 });
    slow = nextSize(slow, { work: slow, ms: 1e9 });
  }
  expect(fast).toBe(1e12);
  expect(slow).toBe(1e7);
});

test('the time of a slice is counted from the end of the one before it, not from when it was submitted', async () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const slices = new Slices();
  const ends: (() => void)[] = [];
  // All at once, as a step is submitted.
  for (let i = 0; i < 3; i++) slices.submitted(slices.size, () => new Promise<void>((resolve) => ends.push(resolve)));
  for (const end of ends) {
    now += 40;
    end();
    await Promise.resolve();
    await Promise.resolve();
  }
  expect(slices.size).toBe(4e9);
});

test('after the first slices only a few of many are timed, and a lost device stops nothing', async () => {
  const slices = new Slices();
  let timed = 0;
  for (let i = 0; i < 1024; i++) {
    slices.submitted(1, () => {
      timed++;
      return Promise.reject(new Error('lost'));
    });
  }
  await Promise.resolve();
  expect(timed).toBeGreaterThan(64);
  expect(timed).toBeLessThan(100);
  expect(slices.size).toBe(4e9);
});

test('slices of one size are not timed', () => {
  const slices = new Slices('fixed');
  slices.submitted(4e9, () => {
    throw new Error('it was timed');
  });
  expect(slices.size).toBe(4e9);
});
