// The memory of a reversible stack, by plan, at BERT-base's configuration: what docs/memory.md claims. No GPU: that the allocator obeys the plan is
// plan.test.ts's business.

import { expect, test } from 'vitest';
import { activationAndWorkspace, fullStored, planMemory, reversibleExact } from '../../bench/memory.ts';

test.each([
  [12, 0.12],
  [24, 0.08],
])('reversible-exact MEFT1 at %i layers takes at most a share of %f of what full fine-tuning keeps and works in', (layers, most) => {
  const [exact, full] = [planMemory(layers, reversibleExact), planMemory(layers, fullStored)].map(activationAndWorkspace);
  expect((exact as number) / (full as number)).toBeLessThanOrEqual(most);
});

test('from 6 to 48 layers reversible-exact MEFT1 grows by the dropped bits, three an element and layer, and by nothing else', () => {
  const [shallow, deep] = [planMemory(6, reversibleExact), planMemory(48, reversibleExact)];
  for (const row of [shallow, deep]) expect(row.bits).toBe((3 * row.stream_elements * row.num_hidden_layers) / 8);
  const growth = activationAndWorkspace(deep) - activationAndWorkspace(shallow);
  // A layer's bits begin at a multiple of 256 bytes.
  expect(Math.abs(growth - (deep.bits - shallow.bits))).toBeLessThanOrEqual(256 * 42);
});

test.each([6, 12, 24, 48])(
  'the arena of reversible-exact MEFT1 at %i layers is at most 6 % above what no packing can go below',
  (layers) => {
    const row = planMemory(layers, reversibleExact);
    expect(activationAndWorkspace(row) / row.lower_bound).toBeLessThanOrEqual(1.06);
  },
);
