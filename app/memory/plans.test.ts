import { expect, test } from 'vitest';
import type { PlanReport } from '../../src/protocol/messages.ts';
import { axisOf, shareOfFull, shortSection, story } from './plans.ts';

function plan(method: PlanReport['method'], policy: PlanReport['policy'], activation: number, moments: readonly string[]): PlanReport {
  return {
    model: 'm',
    method,
    policy,
    granularity: 'frugal',
    streams: 'single',
    batch: 1,
    micro_batch: 1,
    length: 8,
    trainable_parameters: 1,
    bytes: { weights: 5, adapter: 1, gradient: 1, optimizer: 2, activation, workspace: 10, staging: 1, total: 20 + activation },
    peak: { bytes: 1, at: '' },
    largest_binding: { bytes: 1, name: '' },
    dispatches: 1,
    flops: 1,
    timeline: moments.map((name, i) => ({ name, live: i, activation: 0 })),
  };
}

const full = plan('full', 'store', 190, [
  'forward embeddings',
  'forward encoder.layer.0',
  'backward encoder.layer.0',
  'backward embeddings',
  'update',
]);
const meft = plan('meft1', 'reversible', 10, ['forward embeddings', 'forward encoder.layer.0', 'backward encoder.layer.0']);

test('plans share one axis; a method that stops early leaves the rest of it empty', () => {
  const { names, phases, rows } = axisOf([meft, full]);
  expect(names).toHaveLength(4);
  expect(phases).toEqual([
    { phase: 'forward', from: 0, to: 1 },
    { phase: 'backward', from: 2, to: 3 },
  ]);
  expect(rows[0]?.map((moment) => moment?.live)).toEqual([0, 1, 2, undefined]);
});

test('the share of full fine-tuning counts activations and workspace', () => {
  expect(shareOfFull([meft, full])).toEqual({ share: 0.1, chosen: 20, full: 200 });
  expect(shareOfFull([full])).toBeUndefined();
});

test('a reversible layer is said to be rebuilt in the backward pass', () => {
  expect(story(meft, 'backward encoder.layer.0')).toMatch(/rebuilds/);
  expect(story(full, 'backward encoder.layer.0')).not.toMatch(/rebuilds/);
});

test('layers are known and named on every architecture', () => {
  const names = ['encoder.layer.3', 'transformer.layer.3', 'h.3', 'decoder.layers.3', 'vocabulary'].map((section) => `backward ${section}`);
  expect(names.map(shortSection)).toEqual(['layer 3', 'layer 3', 'layer 3', 'decoder layer 3', 'vocabulary']);
  expect(names.filter((name) => /rebuilds/.test(story(meft, name)))).toEqual(names.slice(0, 4));
});
