// How many dispatches a step of 16 × 128 tokens takes, and in how much memory: what a GPU needs of a plan, in the forms of kernels that it has. Marks, not measurements: a change that goes past one of
// them has made every step on a GPU slower, or larger. `node scripts/bench.mjs dispatches` prints all of it.

import { expect, it } from 'vitest';
import { countStep } from '../bench/dispatches.ts';
import type { Cell } from '../bench/memory.ts';

const full: Cell = { method: 'full', policy: 'store', streams: 'single' };
const lora: Cell = { ...full, method: 'lora' };
const meft1: Cell = { method: 'meft1', policy: 'reversible', streams: 'fixed' };

it('a step of BERT-base is in few dispatches, and MEFT1 in a fraction of the activations of full fine-tuning', () => {
  const whole = countStep('BERT-base', full, 'frugal').activation_and_workspace;
  const [frugal, balanced, fast] = (['frugal', 'balanced', 'fast'] as const).map((name) => countStep('BERT-base', meft1, name, whole));
  expect(countStep('BERT-base', lora, 'frugal').dispatches).toBeLessThanOrEqual(420);
  expect(frugal?.of_full).toBeLessThanOrEqual(0.039);
  expect(balanced?.of_full).toBeLessThanOrEqual(0.07);
  expect(balanced?.dispatches).toBeLessThanOrEqual(1200);
  expect(balanced?.idle).toBe(0);
  expect(fast?.dispatches).toBeLessThanOrEqual(600);
});

it('a step of MiniLM with MEFT1 has few dispatches, none of which only copies or only drops', () => {
  const { dispatches, kernels, idle } = countStep('MiniLM', meft1, 'balanced');
  expect(dispatches).toBeLessThanOrEqual(600);
  expect(idle).toBe(0);
  for (const kernel of ['copy', 'copy_columns', 'dropout']) expect(kernels).not.toHaveProperty(kernel);
});
