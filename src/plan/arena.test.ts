// Packing on random lives: nothing alive together overlaps, nothing straddles a cut, and the extent is near the bound that no packing can beat.

import { expect, test } from 'vitest';
import { Registry } from '../graph/registry.ts';
import { randomKey, randomUniform } from '../random/counter.ts';
import { alignment, type Life, liveBytes, pack } from './arena.ts';

function randomLives(seed: number, count: number, nodes: number): Life[] {
  const registry = new Registry();
  const key = randomKey(seed, 0, 1);
  return Array.from({ length: count }, (_, i) => {
    const bytes = alignment * (1 + Math.floor(40 * randomUniform(key, 3 * i) ** 3));
    const birth = Math.floor(nodes * randomUniform(key, 3 * i + 1));
    const death = Math.min(nodes - 1, birth + Math.floor(nodes * 0.3 * randomUniform(key, 3 * i + 2) ** 2));
    return { tensor: registry.tensor({ name: `${i}`, shape: [bytes / 4], dtype: 'f32', role: 'transient' }), bytes, birth, death };
  });
}

test.each([1, 2, 3, 4, 5])('random lives of seed %i are packed without overlap, within their buffers', (seed) => {
  const nodes = 60;
  const lives = randomLives(seed, 150, nodes);
  const bufferBytes = 60 * alignment;
  const { offsets, extent, lowerBound } = pack(lives, nodes, bufferBytes);
  const placed = lives.map((life) => ({ ...life, begin: offsets.get(life.tensor) as number }));
  for (const [i, a] of placed.entries()) {
    expect(Math.floor(a.begin / bufferBytes)).toBe(Math.floor((a.begin + a.bytes - 1) / bufferBytes));
    expect(a.begin % alignment).toBe(0);
    for (const b of placed.slice(i + 1)) {
      const together = a.birth <= b.death && b.birth <= a.death;
      expect(together && a.begin < b.begin + b.bytes && b.begin < a.begin + a.bytes).toBe(false);
    }
  }
  expect(extent).toBe(Math.max(...placed.map(({ begin, bytes }) => begin + bytes)));
  expect(lowerBound).toBe(Math.max(...liveBytes(lives, nodes)));
  expect(extent).toBeGreaterThanOrEqual(lowerBound);
});

test('without cuts, random lives are packed within a tenth of the bound', () => {
  const lives = randomLives(9, 300, 100);
  const { extent, lowerBound } = pack(lives, 100, Number.MAX_SAFE_INTEGER);
  expect(extent / lowerBound).toBeLessThan(1.1);
});

test('live bytes count a tensor from its birth to its death, both included', () => {
  const [life] = randomLives(1, 1, 1);
  const one = { ...(life as Life), bytes: 256, birth: 1, death: 2 };
  expect([...liveBytes([one], 4)]).toEqual([0, 256, 256, 0]);
});
