// profile: where the time of a training step goes. It begins the run that `train` would make of the same flags, lets it warm up, times one of its steps
// dispatch by dispatch, and stops it. Nothing is evaluated, saved or exported.

import { writeFile } from 'node:fs/promises';
import { exactTimestamps } from '../adapter.ts';
import type { Console } from '../console.ts';
import { fetched } from '../fetching.ts';
import type { Given } from '../flags.ts';
import { openSession, sayDevice } from '../open_session.ts';
import { profileText } from '../profile_report.ts';
import { configOf, lengthNote, requireRead, settingsOf, textOf } from '../settings.ts';
import { TrainReport } from '../train_report.ts';

/** Steps before the one that is timed: the first still compiles and fills caches. */
const warmup = 2;

/** More than are taken: the run is stopped. Its rate of learning does not matter here. */
const steps = 1000;

export async function profile(given: Given, console: Console): Promise<number> {
  exactTimestamps();
  const report = new TrainReport(console);
  const training = new Promise<void>((resolve) => {
    report.onTraining = resolve;
  });
  const { calls, reads } = openSession(console, given, {
    onEvent: (event) => ['phase', 'data', 'model', 'plan'].includes(event.type) && report.hear(event),
  });
  const { methods } = await calls.catalogue(undefined);
  const settings = await settingsOf(given, methods, reads);
  requireRead(given, methods, settings);
  const note = lengthNote(given, settings);
  if (note !== undefined) console.say(note);
  const { place } = await fetched(calls, settings.model, console);
  const unwatched = { max_steps: steps, eval_steps: 0, save_steps: 0, early_stopping_patience: 0 };
  const config = await configOf({ ...settings, model: place, training: { ...settings.training, ...unwatched } }, 'new');
  await sayDevice(calls, console);

  const running = calls.start(config);
  await Promise.race([running, training]);
  const { profile: found, trace } = await calls.profileStep({ skip: warmup }).catch(async (thrown: unknown) => {
    // Where the run has failed, that is what there is to say.
    await running;
    throw thrown;
  });
  await calls.stop({ keep: 'nothing' });
  await running;

  console.event({ type: 'profile', ...found });
  console.result(profileText(found));
  const file = textOf(given, 'trace');
  if (file !== undefined) {
    await writeFile(file, trace);
    console.say(`trace: ${file}; it opens in https://ui.perfetto.dev and chrome://tracing`);
  }
  return 0;
}
