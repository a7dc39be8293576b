// One damaged file, and what became of it. Invariant: anything but success or an error that says what to do is a finding.

import { reportOf } from '../../src/protocol/errors.ts';
import type { Format } from './format.ts';
import { Draw } from './mutate.ts';

export interface Finding {
  readonly format: string;
  readonly seed: number;
  readonly index: number;
  readonly what: string;
}

const kept = new WeakMap<Format, Promise<readonly Uint8Array[]>>();

/** The bytes of case `index`. */
export async function bytesOf(format: Format, seed: number, index: number): Promise<Uint8Array> {
  const samples = kept.get(format) ?? Promise.resolve(format.samples());
  kept.set(format, samples);
  return format.mutate(new Draw(format.name, seed, index), await samples);
}

/** Reads a damaged file: whether it was taken, the code of its refusal, or what no user should see. */
export async function tryCase(format: Format, bytes: Uint8Array): Promise<{ readonly code: string; readonly fault?: string }> {
  try {
    await format.read(bytes);
    return { code: 'taken' };
  } catch (thrown) {
    const { code, message, remedy } = reportOf(thrown);
    if (code === 'internal' || remedy === undefined) {
      const stack = thrown instanceof Error ? (thrown.stack ?? '').split('\n').slice(1, 4).join(' ') : '';
      return { code, fault: `${code}: ${message.slice(0, 200)}${stack}` };
    }
    return { code };
  }
}
