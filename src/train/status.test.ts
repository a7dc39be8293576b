import { expect, test } from 'vitest';
import { statusSlots } from '../graph/ops/watch.ts';
import type { RetraceError } from '../protocol/errors.ts';
import { reconstructionPlaces } from '../stack/policies/reversible.ts';
import { readStatus, requireFinite } from './status.ts';

const places = [
  'encoder.layer.0.F',
  'encoder.layer.1.F',
  ...reconstructionPlaces('encoder.layer.1'),
  ...reconstructionPlaces('encoder.layer.0'),
];

function statusOf(...values: number[]): ArrayBuffer {
  const status = new Float32Array(statusSlots);
  status.set(values);
  return status.buffer;
}

function thrownBy(run: () => unknown): RetraceError {
  try {
    run();
  } catch (error) {
    return error as RetraceError;
  }
  return expect.fail('nothing was thrown');
}

test('the largest magnitude is told with its place, and what each layer lost relative to its streams, bottom first', () => {
  expect(readStatus(statusOf(3, 5, 0.5, 4, 2, 8), places, Number.POSITIVE_INFINITY, 1)).toEqual({
    largest: { value: 5, at: 'encoder.layer.1.F' },
    reconstruction: [
      { layer: 'encoder.layer.0', error: 0.25 },
      { layer: 'encoder.layer.1', error: 0.125 },
    ],
  });
});

test('a number that is not finite, or past the range of fixed streams, is an error at its first place', () => {
  expect(thrownBy(() => readStatus(statusOf(1, Number.NaN, 0, 1, 0, 1), places, Number.POSITIVE_INFINITY, 7))).toMatchObject({
    code: 'not-finite',
    where: 'encoder.layer.1.F',
    message: expect.stringContaining('step 7'),
  });
  expect(thrownBy(() => readStatus(statusOf(1, 2048), places.slice(0, 2), 2048, 7))).toMatchObject({
    code: 'stream-overflow',
    where: 'encoder.layer.1.F',
  });
});

test('a gradient norm that undoing float streams has ruined is not blamed on the learning rate', () => {
  for (const error of [1e20, Number.POSITIVE_INFINITY, Number.NaN]) {
    const { reconstruction } = readStatus(statusOf(1, 1, 0.5, 4, error, 8), places, Number.POSITIVE_INFINITY, 1);
    const { code, where, remedy, message } = thrownBy(() => requireFinite('grad_norm', Number.NaN, 1, reconstruction));
    expect({ code, where }).toEqual({ code: 'not-finite', where: 'encoder.layer.0' });
    expect(message).toMatch(/undone .* ([\d.e+]+ times their own size away|not finite)\.$/);
    expect(remedy).toContain('fixed streams');
    expect(remedy).not.toContain('learning rate');
  }
  const { reconstruction } = readStatus(statusOf(1, 1, 1e-5, 4, 1e-4, 8), places, Number.POSITIVE_INFINITY, 1);
  expect(thrownBy(() => requireFinite('grad_norm', Number.NaN, 1, reconstruction))).toMatchObject({
    code: 'not-finite',
    where: 'grad_norm',
    remedy: expect.stringContaining('learning rate'),
  });
  expect(() => requireFinite('grad_norm', 1, 1, reconstruction)).not.toThrow();
});
