// A profile of a step of a run: the run reaches the numbers that it reaches without, keeps the profile in its record, and whoever asks is answered.

import { expect, test } from 'vitest';
import { noRuns } from '../../../cli/host.ts';
import { livedShape } from '../../../test/outcome.ts';
import { randomModelFiles } from '../../../test/random_model.ts';
import { testHost } from '../../../test/testing.ts';
import { defaultTraining, type RunConfig } from '../../protocol/config.ts';
import type { RunEvent } from '../../protocol/messages.ts';
import type { StoredRun } from '../host.ts';
import { Session } from '../session.ts';

const rows = Array.from({ length: 24 }, (_, i) => `${i % 2 ? 'turn on the light' : 'book a flight to a far place'} number ${i}\t${i % 2}`);

const config: RunConfig = {
  model: randomModelFiles(livedShape),
  pooling: 'mean',
  data: { kind: 'file', name: 'tiny.tsv', blob: new Blob([`text\tlabel\n${rows.join('\n')}\n`]) },
  task: 'classification',
  ...{ method: 'meft1', policy: 'reversible', checkpoint_every: 1, options: {} },
  training: { ...defaultTraining, batch_size: 4, max_length: 16, max_steps: 5, eval_steps: 0, learning_rate: 1e-2, dropout: 0.1 },
};

function session(): { calls: Session['calls']; events: RunEvent[]; kept: () => StoredRun } {
  const events: RunEvent[] = [];
  let stored: StoredRun | undefined;
  const host = testHost({
    ...noRuns,
    async save(run) {
      stored = run;
      return { path: '' };
    },
  });
  const { calls } = new Session(host, (event) => events.push(event));
  return { calls, events, kept: () => stored as StoredRun };
}

async function until(events: readonly RunEvent[], holds: (event: RunEvent) => boolean): Promise<void> {
  while (!events.some(holds)) await new Promise((resolve) => setTimeout(resolve, 1));
}

const steps = (events: readonly RunEvent[]) => events.flatMap((event) => (event.type === 'step' ? [{ ...event, ms: 0 }] : []));

test('a run with a profiled step has the steps and the checkpoint of one without, and the profile in its record', async () => {
  const plain = session();
  await plain.calls.start(config);

  const one = session();
  await expect(one.calls.profileStep({})).rejects.toMatchObject({ code: 'no-run' });
  const running = one.calls.start(config);
  await until(one.events, (event) => event.type === 'phase' && event.phase === 'training');
  const profiling = one.calls.profileStep({ skip: 2 });
  await expect(one.calls.profileStep({})).rejects.toMatchObject({ code: 'busy' });
  const { profile, trace } = await profiling;
  const late = expect(one.calls.profileStep({ skip: 50 })).rejects.toMatchObject({ code: 'no-step-left' });
  await running;
  await late;

  expect(profile.step).toBeGreaterThanOrEqual(3);
  const counted = (JSON.parse(trace) as { traceEvents: { ph: string }[] }).traceEvents.filter(({ ph }) => ph === 'X');
  expect(counted).toHaveLength(profile.dispatches);
  expect(steps(one.events)).toEqual(steps(plain.events));
  expect(one.kept().state).toEqual(plain.kept().state);
  expect(one.kept().events.filter(({ type }) => type === 'profile')).toEqual([{ type: 'profile', ...profile }]);
  expect(one.events.findIndex(({ type }) => type === 'profile')).toBe(
    one.events.findIndex((event) => event.type === 'step' && event.step === profile.step) + 1,
  );
});

test('a run that is paused takes the step and is paused again', async () => {
  const one = session();
  const running = one.calls.start(config);
  await one.calls.pause(undefined);
  await until(one.events, (event) => event.type === 'phase' && event.phase === 'paused');
  const { profile } = await one.calls.profileStep({});
  expect(profile.step).toBe(1);
  one.events.length = 0;
  await until(one.events, (event) => event.type === 'phase' && event.phase === 'paused');
  expect(steps(one.events)).toEqual([]);
  await one.calls.stop({ keep: 'nothing' });
  await running;
});
