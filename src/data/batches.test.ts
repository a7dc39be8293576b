import { expect, test } from 'vitest';
import { randomKey, randomU32 } from '../random/counter.ts';
import { bucketsFor, chooseBuckets, classTargets, collate, planEpoch, wordTargets } from './batches.ts';
import { exampleOf, type TokenizedExample, type TokenRow } from './dataset.ts';

const lengths = Uint32Array.from({ length: 1003 }, (_, i) => 1 + (randomU32(randomKey(7, 0, 0), i) % 60));
const plan = (epoch: number, groupByLength = true, seed = 42): Uint32Array[] =>
  planEpoch({ lengths, batchSize: 8, seed, epoch, groupByLength });
const flat = (batches: Uint32Array[]): number[] => batches.flatMap((batch) => [...batch]);
const longestIn = (batch: Uint32Array | undefined): number => Math.max(...Array.from(batch ?? [], (i) => lengths[i] ?? 0));

test.each([true, false])('an epoch holds every example once, in full batches but one (grouped: %s)', (grouped) => {
  const batches = plan(3, grouped);
  expect(flat(batches).sort((a, b) => a - b)).toEqual(Array.from({ length: 1003 }, (_, i) => i));
  expect(batches.map((batch) => batch.length)).toEqual([...new Array<number>(125).fill(8), 3]);
});

test('the order is that of seed and epoch, whatever came before', () => {
  expect(plan(2)).toEqual(plan(2));
  expect(plan(2)).not.toEqual(plan(3));
  expect(plan(2)).not.toEqual(plan(2, true, 43));
});

const shortestIn = (batch: Uint32Array): number => Math.min(...Array.from(batch, (i) => lengths[i] ?? 0));

test('grouping puts the longest row first, rows of like length together, and batches in no order of length', () => {
  for (const epoch of [0, 1, 2]) {
    const batches = plan(epoch);
    expect(longestIn(batches[0])).toBe(Math.max(...lengths));
    const spread = (of: Uint32Array[]): number => of.reduce((sum, batch) => sum + longestIn(batch) - shortestIn(batch), 0) / of.length;
    // 31 batches a megabatch share 60 lengths: about 2 a batch, and the one that gave its longest row away.
    expect(spread(batches)).toBeLessThan(4);
    expect(spread(plan(epoch, false))).toBeGreaterThan(30);
    const rises = batches.filter((batch, i) => i > 0 && longestIn(batch) > longestIn(batches[i - 1])).length;
    expect(rises / batches.length).toBeGreaterThan(0.35);
  }
});

test('grouping pads less than half of what a plain shuffle pads', () => {
  const padded = (batches: Uint32Array[]): number =>
    batches.reduce((sum, batch) => sum + batch.reduce((row, i) => row + longestIn(batch) - (lengths[i] ?? 0), 0), 0);
  expect(padded(plan(0))).toBeLessThan(padded(plan(0, false)) / 2);
});

test('fewer examples than a batch make one batch', () => {
  const batches = planEpoch({ lengths: Uint32Array.of(3, 9, 1), batchSize: 8, seed: 1, epoch: 0, groupByLength: true });
  expect(batches.map((batch) => [...batch])).toEqual([[1, 0, 2]]);
  expect(planEpoch({ lengths: new Uint32Array(0), batchSize: 8, seed: 1, epoch: 0, groupByLength: true })).toEqual([]);
});

/** The cheapest buckets by trying all. */
function cheapest(rows: Uint32Array, candidates: readonly number[], most: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let mask = 1; mask < 1 << candidates.length; mask++) {
    const chosen = candidates.filter((_, i) => mask & (1 << i));
    if (chosen.length > most) continue;
    const tokens = [...rows].reduce((sum, row) => sum + (chosen.find((bucket) => bucket >= row) ?? Number.POSITIVE_INFINITY), 0);
    best = Math.min(best, tokens);
  }
  return best;
}

const bucket = (length: number) => ({ length });

test('buckets are as cheap as the best of all choices', () => {
  const candidates = [8, 16, 24, 32, 40, 48, 56, 60];
  for (const most of [1, 2, 3, 6]) {
    const buckets = chooseBuckets(lengths, { most, maxLength: 60 });
    expect(buckets.length).toBeLessThanOrEqual(most);
    const tokens = [...lengths].reduce((sum, row) => sum + (buckets.find(({ length }) => length >= row)?.length ?? Number.NaN), 0);
    expect(tokens).toBe(cheapest(lengths, candidates, most));
  }
});

test('buckets are multiples of 8, never above the maximum, and no more than there are lengths', () => {
  expect(chooseBuckets(Uint32Array.of(3, 9, 9, 17), { maxLength: 512 })).toEqual([8, 16, 24].map(bucket));
  expect(chooseBuckets(Uint32Array.of(3, 30), { maxLength: 30 })).toEqual([8, 30].map(bucket));
  expect(chooseBuckets(new Uint32Array(0), { maxLength: 128 })).toEqual([{ length: 8 }]);
});

const row = (ids: number[]): TokenRow => ({
  input_ids: Uint32Array.from(ids),
  token_type_ids: Uint32Array.from(ids, (id) => (id > 5 ? 1 : 0)),
  length: ids.length,
  fullLength: ids.length,
  truncated: false,
});
const example = (ids: number[], label: number): TokenizedExample => exampleOf([row(ids)], label);

test('a batch is padded to its bucket and filled up with empty rows', () => {
  const examples = [example([1, 2], 0), example([3, 4, 9], 2), example([5], 1)];
  expect(
    collate(examples, Uint32Array.of(1, 2), { batchSize: 3, buckets: [2, 4, 8].map(bucket), padTokenId: 99, targets: classTargets }),
  ).toEqual({
    length: 4,
    inputs: {
      input_ids: Uint32Array.of(3, 4, 9, 99, 5, 99, 99, 99, 99, 99, 99, 99),
      token_type_ids: Uint32Array.of(0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
      position_ids: Uint32Array.of(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3),
      lengths: Uint32Array.of(3, 1, 0),
      labels: Int32Array.of(2, 1, -100),
    },
    counted: 2,
    tokens: 4,
  });
  expect(() =>
    collate(examples, Uint32Array.of(1), { batchSize: 1, buckets: [{ length: 2 }], padTokenId: 0, targets: classTargets }),
  ).toThrow(RangeError);
});

test('the choices of an example stand together, and one that it lacks has no tokens and no probability', () => {
  const examples = [exampleOf([row([1, 2]), row([3])], 1), exampleOf([row([4]), row([5, 6, 7]), row([8])], 2)];
  const options = { batchSize: 3, rowsPerExample: 3, buckets: [4].map(bucket), padTokenId: 0, targets: classTargets };
  const { inputs, counted, tokens } = collate(examples, Uint32Array.of(0, 1), options);
  expect(inputs['lengths']).toEqual(Uint32Array.of(2, 1, 0, 1, 3, 1, 0, 0, 0));
  expect(inputs['labels']).toEqual(Int32Array.of(1, 2, -100));
  expect(inputs['absent_choices']).toEqual(Float32Array.of(0, 0, -1e30, 0, 0, 0, 0, 0, 0));
  expect(inputs['input_ids']?.subarray(16, 20)).toEqual(Uint32Array.of(5, 6, 7, 0));
  expect({ counted, tokens }).toEqual({ counted: 2, tokens: 8 });
  expect(() => collate(examples, Uint32Array.of(1), { ...options, rowsPerExample: 2 })).toThrow(RangeError);
});

test('words stand by their places in the batch, in order, and a bucket has room for the most that a row of it asks for', () => {
  const asking = (ids: number[], at: number[]): TokenizedExample =>
    exampleOf([{ ...row(ids), words: { at: Uint32Array.from(at), ids: Uint32Array.from(at, (i) => ids[i + 1] ?? 0) } }], 0);
  const examples = [asking([1, 2, 3], [1]), asking([4, 5, 6, 7, 8, 9, 1, 2, 3], [0, 1]), asking([4, 5, 6, 7], [0, 1, 2])];
  const buckets = bucketsFor(examples, 16);
  expect(buckets).toEqual([
    { length: 8, target_rows: 3 },
    { length: 16, target_rows: 3 },
  ]);
  const options = { batchSize: 2, buckets, padTokenId: 0, targets: wordTargets };
  const { inputs, counted } = collate(examples, Uint32Array.of(0, 2), options);
  const none = 2 ** 32 - 1;
  expect(inputs['target_rows']).toEqual(Uint32Array.of(1, 8, 9, 10, none, none));
  expect(inputs['labels']).toEqual(Int32Array.of(3, 5, 6, 7, -100, -100));
  expect(inputs['other_rows']?.subarray(0, 6)).toEqual(Uint32Array.of(0, 2, 3, 4, 5, 6));
  expect(inputs['other_rows']?.filter((row) => row === none)).toHaveLength(4);
  expect(counted).toBe(4);
  expect(() => collate(examples, Uint32Array.of(2), { ...options, buckets: [{ length: 8, target_rows: 1 }] })).toThrow(RangeError);
});
