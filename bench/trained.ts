// `retrace train` within a measurement, for those that ask what is learned: the lines that --json would print. Not a measurement.
// It runs in this process, so that polling can rest. A run that was broken off goes on from its last checkpoint when it is asked for again.

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { train } from '../cli/commands/train.ts';
import { Console } from '../cli/console.ts';
import { readFlags } from '../cli/flags.ts';
import { nodeHost } from '../cli/host.ts';
import { checkpointFolder } from '../cli/out_folder.ts';
import { readRecord } from '../cli/run_folder.ts';
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

const unfinished = fileURLToPath(new URL('../.cache/learning/', import.meta.url));

/** Trains by these flags, evaluates after the last step and leaves nothing behind but its checkpoint, until it has ended: the same name goes on with it. */
export async function trainedBy(name: string, flags: readonly string[]): Promise<Trained> {
  const out = join(unfinished, name.replaceAll('/', '-'));
  const resumed = existsSync(checkpointFolder(out)) ? ['--resume'] : [];
  const listening = new Listening(false);
  const given = readFlags('train', [...flags, '--eval-steps', '0', '--out', out, ...resumed]).given;
  const code = await train(given, listening);
  if (code !== 0) throw new Error(`retrace train ${flags.join(' ')} ended with ${code}`);
  const record = await readRecord(checkpointFolder(out));
  const last = (type: string) => listening.events.findLast((event) => event.type === type);
  const trained = {
    plan: last('plan') as unknown as Trained['plan'],
    // The run's own record has the steps before a resumption too.
    steps: (record?.events.filter((event) => event.type === 'step') ?? []) as unknown as Trained['steps'],
    scores: last('evaluate') as unknown as Trained['scores'],
  };
  rmSync(out, { recursive: true });
  return trained;
}

/** The device that the command line takes too. */
export async function deviceName(): Promise<string> {
  const { info, device } = await openDevice(await nodeHost().gpu());
  device.destroy();
  return info.description || info.vendor;
}
