// Damaged files of every format, a few of each: whatever is not taken is refused with a code and a remedy, and soon. A hundred thousand of each:
// `node scripts/bench.mjs fuzz`.

import { expect, test } from 'vitest';
import { bytesOf, tryCase } from '../../bench/fuzz/case.ts';
import { formats } from '../../bench/fuzz/formats.ts';

const CASES = 120;
const SEED = 7;
/** Beside other tests on two cores; one case takes some milliseconds. */
const SLOWEST_MS = 10_000;

test.each(formats)('$name: damaged files are refused with a code and a remedy', async (format) => {
  const found: string[] = [];
  const codes = new Set<string>();
  let slowest = 0;
  for (let index = 0; index < CASES; index++) {
    const begun = performance.now();
    const { code, fault } = await tryCase(format, await bytesOf(format, SEED, index));
    slowest = Math.max(slowest, performance.now() - begun);
    codes.add(code);
    if (fault !== undefined) found.push(`case ${index} of seed ${SEED}: ${fault}`);
  }
  expect(found).toEqual([]);
  expect(slowest).toBeLessThan(SLOWEST_MS);
  // Damage that nothing notices, or one that all cases share, would prove little.
  expect(codes.size).toBeGreaterThan(1);
});

test.each(formats)('$name: the files that are damaged are sound', async (format) => {
  for (const bytes of await format.samples()) await expect(tryCase(format, bytes)).resolves.toEqual({ code: 'taken' });
});
