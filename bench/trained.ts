// `retrace train` within a measurement, for those that ask what is learned: the lines that --json would print. Not a measurement.
// It runs in this process, so that polling can rest.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { train } from '../cli/commands/train.ts';
import { Console } from '../cli/console.ts';
import { readFlags } from '../cli/flags.ts';
import { nodeHost } from '../cli/host.ts';
import { openDevice } from '../src/gpu/device.ts';
import type { PolicyName } from '../src/protocol/config.ts';
import type { HostStep } from '../src/protocol/messages.ts';

interface TrainEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** What a run showed: its plan, every step, and the scores after the last. */
export interface Trained {
  readonly plan: {
    readonly bytes: { readonly total: number; readonly activation: number; readonly workspace: number };
    readonly host?: { readonly bytes: number };
    readonly trainable_parameters: number;
    readonly policy: PolicyName;
  };
  readonly steps: readonly { readonly loss: number; readonly host?: HostStep }[];
  readonly scores: Readonly<Record<string, number>>;
}

/** Keeps the lines that `--json` would print. */
class Listening extends Console {
  readonly events: TrainEvent[] = [];

  override event(value: object): void {
    this.events.push(value as TrainEvent);
  }
}

/** Trains by these flags, evaluates after the last step and leaves nothing behind. */
export async function trainedBy(flags: readonly string[]): Promise<Trained> {
  const out = mkdtempSync(join(tmpdir(), 'learning-'));
  const listening = new Listening(false);
  const given = readFlags('train', [...flags, '--eval-steps', '0', '--save-steps', '0', '--out', join(out, 'run')]).given;
  const code = await train(given, listening);
  rmSync(out, { recursive: true });
  if (code !== 0) throw new Error(`retrace train ${flags.join(' ')} ended with ${code}`);
  const all = (type: string) => listening.events.filter((event) => event.type === type);
  return {
    plan: all('plan').at(-1) as unknown as Trained['plan'],
    steps: all('step') as unknown as Trained['steps'],
    scores: all('evaluate').at(-1) as unknown as Trained['scores'],
  };
}

/** The device that the command line takes too. */
export async function deviceName(): Promise<string> {
  const { info, device } = await openDevice(await nodeHost().gpu());
  device.destroy();
  return info.description || info.vendor;
}
