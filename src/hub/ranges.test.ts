import { expect, test } from 'vitest';
import { RangeSet } from './ranges.ts';

test('a set of ranges says what a set of bytes says, whatever order they come in', () => {
  let state = 7;
  const draw = (below: number) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state % below;
  };
  for (let round = 0; round < 200; round++) {
    const bytes = new Set<number>();
    const ranges = new RangeSet();
    for (let i = 0; i < 12; i++) {
      const begin = draw(40);
      const end = begin + draw(9);
      ranges.add(begin, end);
      for (let at = begin; at < end; at++) bytes.add(at);
      const [from, to] = [draw(25), 25 + draw(25)];
      const missing = ranges.missing(from, to).flatMap((gap) => Array.from({ length: gap.end - gap.begin }, (_, k) => gap.begin + k));
      expect(missing).toEqual(Array.from({ length: to - from }, (_, k) => from + k).filter((at) => !bytes.has(at)));
      expect(ranges.bytes).toBe(bytes.size);
      expect(ranges.has(from, to)).toBe(missing.length === 0);
    }
    ranges.list.reduce((before, range) => {
      expect(range.begin).toBeGreaterThan(before);
      expect(range.end).toBeGreaterThan(range.begin);
      return range.end;
    }, -1);
    expect(new RangeSet(ranges.list).list).toEqual(ranges.list);
  }
});
