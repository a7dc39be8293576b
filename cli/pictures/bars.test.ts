import { expect, test } from 'vitest';
import { stackedBars } from './bars.ts';
import { ticksTo } from './svg.ts';

const grey = { light: '#888888', dark: '#999999' };
const drawn = stackedBars({
  title: 'Bytes <of> "a" & b',
  subtitle: 'one step',
  parts: { kept: grey, worked: grey, never: grey },
  rows: [
    { label: 'large', parts: { kept: 3 * 2 ** 20, worked: 2 ** 20, never: 0 }, note: 'the note' },
    { label: 'small', parts: { kept: 2 ** 20, worked: 0, never: 0 } },
  ],
});
/** Left ends and widths of the bars of a part. */
const bars = (part: string) =>
  [...drawn.matchAll(new RegExp(`<rect x="([\\d.]+)" y="[\\d.]+" width="([\\d.]+)" height="15" class="f-${part}">`, 'g'))].map((found) => [
    Number(found[1]),
    Number(found[2]),
  ]);

test('bars lie one behind the other on one scale, and a part without bytes is not drawn', () => {
  const [[left = 0, wide = 0] = [], [leftOfSmall, wideOfSmall = 0] = []] = bars('kept');
  const [[next = 0, worked = 0] = [], ...more] = bars('worked');
  expect(leftOfSmall).toBe(left);
  expect(wide / wideOfSmall).toBeCloseTo(3, 2);
  expect(worked).toBeCloseTo(wideOfSmall, 1);
  expect(next).toBeCloseTo(left + wide, 1);
  expect(more).toEqual([]);
  expect(bars('never')).toEqual([]);
});

test('every text is escaped, every element closed, and the totals can be read', () => {
  expect(drawn).toContain('Bytes &lt;of&gt; &quot;a&quot; &amp; b');
  expect(drawn).toContain('4.0 MiB · the note');
  expect(drawn).not.toMatch(/NaN|undefined|Infinity/);
  const open: string[] = [];
  for (const [, close, name, empty] of drawn.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (close) expect(open.pop()).toBe(name);
    else if (!empty) open.push(name as string);
  }
  expect(open).toEqual([]);
});

test('ticks are round, begin at zero and reach what is largest', () => {
  expect(ticksTo(3.7, 6)).toEqual([0, 1, 2, 3, 4]);
  expect(ticksTo(500, 6)).toEqual([0, 100, 200, 300, 400, 500]);
  expect(ticksTo(0, 6)).toEqual([0, 0.2]);
});
