// train: fine-tunes, evaluates, writes the adapter to --out. What a run is belongs to the session; here are its folder, its flags and its end.
// Invariant: whatever ends the process, the last checkpoint in OUT/checkpoint is whole and --resume goes on from it to the same numbers.

import { existsSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { splitName } from '../../src/data/hub/split.ts';
import { shownRepo } from '../../src/hub/repo.ts';
import { inputWords } from '../../src/protocol/cards.ts';
import { RetraceError } from '../../src/protocol/errors.ts';
import { requireExportable } from '../../src/session/adapters/exporting.ts';
import type { Host } from '../../src/session/host.ts';
import { openBaseModel, openFolder } from '../../src/session/models/base_model.ts';
import { taskNamed } from '../../src/tasks/registry.ts';
import { writeAdapterFolder } from '../adapter_files.ts';
import { sayColumns } from '../columns.ts';
import type { Console } from '../console.ts';
import { type DataPlace, dataFile } from '../data.ts';
import { fetched, licenceOf } from '../fetching.ts';
import { type Given, usage } from '../flags.ts';
import { fileSha256, folderSha256 } from '../folders.ts';
import { type ModelPlace, modelFolder, modelRef, repoOf, shownPlace, weightsSha256 } from '../models.ts';
import { openSession, sayDevice } from '../open_session.ts';
import { checkpointFolder, openOut } from '../out_folder.ts';
import { askedTarget, pushed, pushMessage } from '../pushing.ts';
import { type Fingerprints, folderRuns, type RunRecord } from '../run_folder.ts';
import { configOf, differences, lengthNote, numberOf, requireRead, type Settings, settingsOf, textOf } from '../settings.ts';
import { listenForSignals } from '../signals.ts';
import { TrainReport } from '../train_report.ts';

/** Ended by Ctrl-C, as shells know it. */
const interrupted = 130;

/** Of the rows: a file's bytes, or the commit at which the hub has them. */
async function fingerprintOf(data: DataPlace): Promise<string> {
  if (data.kind === 'hub') return `${splitName(data)} ${data.commit}`;
  return data.kind === 'pictures' ? folderSha256(data.path) : fileSha256(dataFile(data));
}

async function fingerprintsOf({ model, data, eval_data, more_eval_data }: Settings, host: Host): Promise<Fingerprints> {
  const weights = await weightsSha256(await openFolder(await modelRef(model), host));
  return {
    ...(weights === undefined ? {} : { model: weights }),
    data: await fingerprintOf(data),
    ...(eval_data ? { eval_data: await fingerprintOf(eval_data) } : {}),
    ...Object.fromEntries(
      await Promise.all(
        Object.entries(more_eval_data ?? {}).map(async ([name, place]) => [`eval_data ${name}`, await fingerprintOf(place)]),
      ),
    ),
  };
}

/** A resumed run's model where it was; where it is no more, one that is kept in the hub's cache with the same weights. */
async function foundAgain(model: ModelPlace, record: RunRecord, { hub }: Host, console: Console): Promise<ModelPlace> {
  const isThere = typeof model === 'string' ? existsSync(join(modelFolder(model), 'config.json')) : await hub.isKept(repoOf(model));
  const sha256 = record.fingerprints['model'];
  const kept = isThere || sha256 === undefined ? undefined : await hub.keptWith(sha256);
  if (kept === undefined) return model;
  console.say(`model: ${shownPlace(model)} is not there any more; ${kept.id} is kept, with the same weights, and is used`);
  return { kind: 'hub', id: kept.id, revision: 'main', commit: kept.commit };
}

/** Error `run-files-moved`: what a resumed run is made from is no longer where it was. */
function requireThere({ model, data, eval_data, more_eval_data = {} }: Settings): void {
  const places = [
    ...(typeof model === 'string' ? [{ flag: '--model', path: join(modelFolder(model), 'config.json') }] : []),
    ...(data.kind === 'hub' ? [] : [{ flag: '--data', path: dataFile(data) }]),
    ...[eval_data, ...Object.values(more_eval_data)].flatMap((place) =>
      place && place.kind !== 'hub' ? [{ flag: '--eval-data', path: dataFile(place) }] : [],
    ),
  ];
  const gone = places.find(({ path }) => !existsSync(path));
  if (!gone) return;
  throw new RetraceError({
    code: 'run-files-moved',
    message: `The run was made from '${gone.path}', which is no longer there.`,
    where: gone.flag,
    remedy: `Put it back, or say by ${gone.flag} where it is now. It must be the same, byte for byte.`,
  });
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
  const named = [...new Set([...Object.keys(record.fingerprints), ...Object.keys(fingerprints)])];
  const changed = named.filter((name) => record.fingerprints[name] !== fingerprints[name]);
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

  const push = textOf(given, 'push');
  if (push === undefined && given['private'] === true)
    throw usage('--private changes nothing without --push.', 'Leave it out.', '--private');
  // An hour of training must not end in a typo.
  const target = push === undefined ? undefined : await askedTarget(given, push);
  if (target !== undefined) console.say(`push: once trained, to ${shownRepo(target)}, ${target.visibility}`);
  const plain = openSession(console, given);
  const { methods } = await plain.calls.catalogue(undefined);
  let settings = await settingsOf(given, methods, plain.reads);
  const record = await openOut(out, given);
  if (record) {
    settings = await settingsOf(given, methods, plain.reads, record.settings);
    settings = { ...settings, model: await foundAgain(settings.model, record, plain.host, console) };
    requireThere(settings);
  }
  if (settings.adapter !== undefined && !record) console.say(`start: from the adapter ${settings.adapter}`);
  requireRead(given, methods, settings);
  const note = lengthNote(given, settings);
  if (note !== undefined) console.say(note);
  const run = record === undefined ? 'new' : 'saved';
  let config = await configOf(settings, run);
  if (!config.columns) {
    const { guess, reasons } = await plain.calls.previewData({ data: config.data, named: settings.columns, task: config.task });
    settings = { ...settings, columns: guess };
    config = await configOf(settings, run);
    console.event({ type: 'columns', columns: guess, reasons });
    sayColumns(console, guess, reasons);
  }
  if (given['adapter-hub'] === true) requireExportable(await openBaseModel(config.model, plain.host), config, 'adapter-hub');
  const { place, licence: named } = await fetched(plain.calls, settings.model, console);
  settings = { ...settings, model: place };
  config = await configOf(settings, run);
  const fingerprints = await fingerprintsOf(settings, plain.host);
  if (record) checkSame(record, settings, fingerprints);
  await mkdir(out, { recursive: true });

  const report = new TrainReport(console);
  const resume = `retrace train --resume --out ${out}`;
  const pausing = new Promise<'paused'>((resolve) => {
    report.onPaused = () => resolve('paused');
  });
  const runs = folderRuns(checkpointFolder(out), {
    settings,
    fingerprints,
    config: () => configOf(settings),
    onSaved: (summary) => report.saved(summary),
  });
  const { calls } = openSession(console, given, { onEvent: (event) => report.hear(event), runs });
  report.onTraining = () => {
    // Data, model and device are sound: only now does the checkpoint of another run make room.
    if (!record) rmSync(checkpointFolder(out), { recursive: true, force: true });
    if (Number.isFinite(pauseAfter)) void calls.proceed({ steps: pauseAfter });
  };
  await sayDevice(calls, console);

  let signals = 0;
  const deaf = listenForSignals((count) => {
    signals = count;
    if (signals > 1 || !report.isTraining) {
      console.say(
        report.lastSaved === undefined ? 'Ended. Nothing was saved yet.' : `Ended. Resume from step ${report.lastSaved} with: ${resume}`,
      );
      process.exit(interrupted);
    }
    console.say('Pausing after what is under way; Ctrl-C again ends at once.');
    void calls.pause(undefined);
  });

  try {
    report.resumedFrom = record?.summary.step;
    const running = (record ? calls.resume({ id: record.summary.id }) : calls.start(config)).then(
      () => 'ended' as const,
      (thrown: unknown) => {
        const kept = report.lastSaved ?? record?.summary.step;
        const sound = !(thrown instanceof RetraceError && ['bad-checkpoint', 'old-run'].includes(thrown.code));
        if (kept !== undefined && sound) console.say(`The checkpoint of step ${kept} is kept. Go on from it with: ${resume}`);
        throw thrown;
      },
    );
    if ((await Promise.race([running, pausing])) === 'paused') {
      console.say(`Paused at step ${report.lastSaved} of ${report.steps}. Go on with: ${resume}`);
      return signals > 0 ? interrupted : 0;
    }
    const licence = await licenceOf(calls, settings.model, named);
    const self_test_texts = given['self-test-texts'] === 'data' ? 'data' : 'bundled';
    const { zip, verified, not_peft } = await calls.exportAdapter({ name: basename(out), licence, self_test_texts });
    const saved = await writeAdapterFolder(out, zip);
    const examples = inputWords[taskNamed(settings.task).inputs];
    console.event({ type: 'saved', ...saved, step: report.step });
    console.say(
      `read back and compared on ${verified.texts} ${self_test_texts === 'data' ? `${examples} of the data, which it carries` : `made-up ${examples}`}: logits differ by at most ${verified.largest_difference}`,
    );
    if (not_peft !== undefined) console.say(`${not_peft} It is in Retrace's own layout, which python/retrace loads.`);
    for (const [layout, readers] of [
      ['adapter-hub', "AdapterHub's library"],
      ['older-names', 'Transformers before 5.9'],
    ] as const) {
      if (given[layout] !== true) continue;
      const again = await calls.exportAdapter({ name: basename(out), licence, self_test_texts, layout });
      const beside = await writeAdapterFolder(join(out, layout), again.zip);
      console.say(`for ${readers}, read back likewise: ${beside.path}`);
    }
    console.say(report.summary());
    console.result(`adapter: ${saved.path}`);
    if (target !== undefined && push !== undefined) {
      await pushed(given, console, out, target, pushMessage).catch((thrown: unknown) => {
        console.say(`The adapter is whole in ${out}; push it later with: retrace hub push ${out} ${push}`);
        throw thrown;
      });
    }
    return 0;
  } finally {
    deaf();
  }
}
