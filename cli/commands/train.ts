// train: fine-tunes, evaluates, writes the adapter to --out. What a run is belongs to the session; here are its folder, its flags and its end.
// Invariant: whatever ends the process, the last checkpoint in OUT/checkpoint is whole and --resume goes on from it to the same numbers.

import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { RetraceError } from '../../src/protocol/errors.ts';
import { writeAdapterFolder } from '../adapter_files.ts';
import type { Console } from '../console.ts';
import { type Given, usage } from '../flags.ts';
import { bundledNames, dataFile, fileSha256, modelFolder } from '../folders.ts';
import { openSession, sayDevice } from '../open_session.ts';
import { type Fingerprints, folderRuns, type RunRecord, readRecord } from '../run_folder.ts';
import {
  columnsText,
  completeColumns,
  configOf,
  differences,
  numberOf,
  requireRead,
  type Settings,
  settingsOf,
  textOf,
} from '../settings.ts';
import { TrainReport } from '../train_report.ts';

/** Ended by Ctrl-C, as shells know it. */
const interrupted = 130;

async function fingerprintsOf({ model, data, eval_data }: Settings): Promise<Fingerprints> {
  const weights = join(modelFolder(model), 'model.safetensors');
  return {
    ...(existsSync(weights) ? { model: await fileSha256(weights) } : {}),
    data: await fileSha256(dataFile(data)),
    ...(eval_data ? { eval_data: await fileSha256(dataFile(eval_data)) } : {}),
  };
}

/** The run in the folder, where it is to be resumed; an empty folder, where not. */
async function openOut(out: string, given: Given): Promise<RunRecord | undefined> {
  const checkpoint = join(out, 'checkpoint');
  if (given['resume'] === true) {
    const record = await readRecord(checkpoint);
    if (record) return record;
    throw new RetraceError({
      code: 'nothing-to-resume',
      message: `There is no checkpoint in '${out}'.`,
      where: '--out',
      remedy: 'Give the folder of a run that was paused or interrupted, or start one without --resume.',
    });
  }
  const holds = existsSync(out) ? readdirSync(out) : [];
  if (holds.length > 0 && given['overwrite'] !== true) {
    const record = await readRecord(checkpoint);
    const unfinished =
      record && !record.summary.finished ? `an unfinished run (step ${record.summary.step} of ${record.summary.max_steps})` : undefined;
    throw new RetraceError({
      code: 'out-not-empty',
      message: `The folder '${out}' holds ${unfinished ?? holds.slice(0, 4).join(', ')}.`,
      where: '--out',
      remedy: `${record ? 'Go on with its run by --resume, choose' : 'Choose'} another folder, or use it all the same by --overwrite.`,
    });
  }
  await rm(checkpoint, { recursive: true, force: true });
  return undefined;
}

function checkSame(record: RunRecord, settings: Settings, fingerprints: Fingerprints): void {
  const other = differences(record.settings, settings);
  if (other.length > 0) {
    throw usage(
      `A resumed run keeps its settings; given are other ones: ${other.join(', ')}.`,
      'Leave these flags out, or start another run.',
      '--resume',
    );
  }
  const changed = Object.keys(record.fingerprints).filter((name) => record.fingerprints[name] !== fingerprints[name]);
  if (changed.length === 0) return;
  throw new RetraceError({
    code: 'run-changed',
    message: `The files of the run have changed since its checkpoint: ${changed.map((name) => `--${name.replaceAll('_', '-')}`).join(', ')}.`,
    where: changed.map((name) => `sha256 of ${name}`).join(', '),
    remedy: 'Put the same files back, or start another run.',
  });
}

export async function train(given: Given, console: Console): Promise<number> {
  const out = textOf(given, 'out');
  if (out === undefined) throw usage('train needs a folder for the adapter.', 'Add --out FOLDER.', '--out');
  const pauseAfter = numberOf(given, 'pause-after') ?? Number.POSITIVE_INFINITY;
  if (pauseAfter < 1) throw usage(`--pause-after is ${pauseAfter}; allowed: 1 and more.`, 'Give a number of steps.', '--pause-after');

  const plain = openSession(console);
  const { methods } = await plain.calls.catalogue(undefined);
  let settings = await settingsOf(given, methods, plain.positions);
  const record = await openOut(out, given);
  if (record) settings = await settingsOf(given, methods, plain.positions, record.settings);
  requireRead(given, methods, settings.method);
  let config = await configOf(settings);
  if (!config.columns) {
    const { guess } = await plain.calls.previewData({ data: config.data });
    settings = { ...settings, columns: completeColumns(settings.columns, guess) };
    config = await configOf(settings);
    if (config.columns) console.say(`columns: ${columnsText(config.columns)} (guessed; --text-column and --label-column choose others)`);
  }
  const fingerprints = await fingerprintsOf(settings);
  if (record) checkSame(record, settings, fingerprints);
  await mkdir(out, { recursive: true });

  const report = new TrainReport(console);
  const resume = `retrace train --resume --out ${out}`;
  const pausing = new Promise<'paused'>((resolve) => {
    report.onPaused = () => resolve('paused');
  });
  const runs = folderRuns(join(out, 'checkpoint'), {
    settings,
    fingerprints,
    config: () => configOf(settings),
    onSaved: (summary) => report.saved(summary),
  });
  const { calls } = openSession(console, (event) => report.hear(event), runs);
  report.onTraining = () => {
    if (Number.isFinite(pauseAfter)) void calls.proceed({ steps: pauseAfter });
  };
  await sayDevice(calls, console);

  let signals = 0;
  const onSignal = () => {
    signals++;
    if (signals > 1 || !report.isTraining) {
      console.say(
        report.lastSaved === undefined ? 'Ended. Nothing was saved yet.' : `Ended. Resume from step ${report.lastSaved} with: ${resume}`,
      );
      process.exit(interrupted);
    }
    console.say('Pausing after what is under way; Ctrl-C again ends at once.');
    void calls.pause(undefined);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);

  report.resumedFrom = record?.summary.step;
  const running = (record ? calls.resume({ id: record.summary.id }) : calls.start(config)).then(
    () => 'ended' as const,
    (thrown: unknown) => {
      const kept = report.lastSaved ?? record?.summary.step;
      if (kept !== undefined) console.say(`The checkpoint of step ${kept} is kept. Go on from it with: ${resume}`);
      throw thrown;
    },
  );
  if ((await Promise.race([running, pausing])) === 'paused') {
    console.say(`Paused at step ${report.lastSaved} of ${report.steps}. Go on with: ${resume}`);
    return signals > 0 ? interrupted : 0;
  }
  const licence = bundledNames('models').includes(settings.model)
    ? ((await calls.catalogue(undefined)).models.find(({ name }) => name === settings.model)?.licence ?? '')
    : '';
  const { zip, verified, not_peft } = await calls.exportAdapter({ name: basename(out), licence });
  const saved = await writeAdapterFolder(out, zip);
  console.event({ type: 'saved', ...saved, step: report.step });
  console.say(`read back and compared on ${verified.texts} texts: logits differ by at most ${verified.largest_difference}`);
  if (not_peft !== undefined) console.say(`${not_peft} It is in Retrace's own layout, which python/retrace loads.`);
  console.say(report.summary());
  console.result(`adapter: ${saved.path}`);
  return 0;
}
