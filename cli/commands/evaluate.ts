// evaluate: metrics of an adapter on a data file.

import { existsSync } from 'node:fs';
import * as v from 'valibot';
import { columnIndex } from '../../src/data/table/table.ts';
import { defaultRevision, looksLikeRepo } from '../../src/hub/repo.ts';
import { inputWords } from '../../src/protocol/cards.ts';
import type { AdapterSource } from '../../src/protocol/config.ts';
import { RetraceError } from '../../src/protocol/errors.ts';
import type { Calls, ImportResult } from '../../src/protocol/messages.ts';
import { trainingOptions } from '../../src/protocol/options/training.ts';
import { countText } from '../../src/protocol/sentences.ts';
import { beginningOf } from '../../src/session/data/rows.ts';
import { taskNamed } from '../../src/tasks/registry.ts';
import { adapterSource } from '../adapter_files.ts';
import { namedColumns, sayColumns } from '../columns.ts';
import type { Console } from '../console.ts';
import { dataPlace, dataRef } from '../data.ts';
import { fetched, licenceOf } from '../fetching.ts';
import { type Given, usage } from '../flags.ts';
import { bundledNames, diskFolder } from '../folders.ts';
import { confusionText } from '../format.ts';
import { nodeHost } from '../host.ts';
import { hubPlace, type ModelPlace, modelFolder, modelPlace, modelRef, shownPlace, weightsSha256 } from '../models.ts';
import { type OpenSession, openSession, sayDevice } from '../open_session.ts';
import { givenOptions } from '../option_flags.ts';
import { givenReading } from '../reading.ts';
import { numberOf, textOf } from '../settings.ts';
import { metricsText, writtenText } from '../train_report.ts';

/** How the place of a base was found, for people; nothing where it was named. */
interface FoundBase {
  readonly place: ModelPlace;
  readonly by?: string;
}

/**
 * The place of the base: what --model names, else what is here with the weights that the adapter names, else, of an adapter of the hub, what it names there.
 * Error: `base-not-here`.
 */
async function baseOf(given: Given, { name, sha256, found }: Calls['baseOf']['answer'], source: AdapterSource): Promise<FoundBase> {
  const asked = textOf(given, 'model');
  if (asked !== undefined) return { place: modelPlace(asked, given) };
  if (found?.kind === 'hub') {
    const { name: id, revision, commit } = found;
    const place = {
      kind: 'hub',
      id,
      revision: revision ?? commit ?? defaultRevision,
      ...(commit === undefined ? {} : { commit }),
    } as const;
    return { place, by: 'by its checksum' };
  }
  for (const bundled of bundledNames('models')) {
    const folder = diskFolder(modelFolder(bundled), bundled);
    if (name === bundled || (sha256 !== undefined && sha256 === (await weightsSha256(folder)))) return { place: bundled };
  }
  const isId = looksLikeRepo(name) && !existsSync(name);
  // Who asked the hub for the adapter means its base too, as PEFT does.
  if ('hub' in source && isId) return { place: hubPlace(name, {}), by: 'as the adapter names it' };
  // What is neither an id nor known may still be named wrongly: the bundled model, which is the default, is compared with it.
  if (!('hub' in source) && (!name.includes('/') || !isId)) return { place: modelPlace('bundled') };
  throw new RetraceError({
    code: 'base-not-here',
    message:
      name === ''
        ? 'The adapter does not name the model that it was trained on.'
        : `The adapter was trained on ${name}, which is not kept here.`,
    where: '--model',
    remedy: isId
      ? `Add --model ${name} to fetch it from the hub, or name the folder that it is in.`
      : 'Name it by --model: a folder, or an id of the hub.',
  });
}

/** Loads a model with a classifier of its own. */
async function openPlain(calls: OpenSession['calls'], given: Given, model: string, console: Console): Promise<ImportResult> {
  const { place } = await fetched(calls, modelPlace(model, given), console);
  await sayDevice(calls, console);
  const opened = await calls.openClassifier({ model: await modelRef(place) });
  for (const note of opened.notes) console.say(`model: ${note}`);
  return opened;
}

/** What --adapter on --model, or --model with a classifier of its own, is ready to predict with. */
export function openGiven(calls: OpenSession['calls'], given: Given, console: Console): Promise<ImportResult> {
  const model = textOf(given, 'model');
  return textOf(given, 'adapter') === undefined && model !== undefined
    ? openPlain(calls, given, model, console)
    : importGiven(calls, given, console);
}

/** `10 classes`, `a number`, else the name of the task. */
function learnedText({ task, labels }: ImportResult): string {
  const { learns, title } = taskNamed(task);
  return learns === 'class' ? `${labels.length} classes` : learns === 'number' ? 'a number' : title.toLowerCase();
}

/** Loads --adapter on --model and says that its self-test passed; the licence is the base's, nothing where it is not known. */
export async function importGiven(
  calls: OpenSession['calls'],
  given: Given,
  console: Console,
): Promise<ImportResult & { readonly licence: string }> {
  const argument = textOf(given, 'adapter');
  if (argument === undefined)
    throw usage('No adapter is named.', 'Add --adapter: the folder that train wrote, an exported zip, or an id of the hub.', '--adapter');
  const asked = await adapterSource(argument);
  const named = await calls.baseOf(asked);
  const source = 'hub' in asked && named.commit !== undefined ? { hub: `${asked.hub.split('@')[0]}@${named.commit}` } : asked;
  if ('hub' in asked) console.say(`adapter: ${asked.hub} (commit ${named.commit?.slice(0, 7)})`);
  const { place: base, by } = await baseOf(given, named, source);
  const { place, licence } = await fetched(calls, base, console);
  const model = await modelRef(place);
  if (by !== undefined) console.say(`model: ${shownPlace(place)}, ${by}`);
  await sayDevice(calls, console);
  const imported = await calls.importAdapter({ ...source, model });
  const { verified, method, notes } = imported;
  console.say(
    `adapter: ${method}, ${learnedText(imported)}; ${verified.texts.length === 0 ? 'it records no logits to compare' : `its logits on ${verified.texts.length} ${inputWords[taskNamed(imported.task).inputs]} are the recorded ones to ${verified.largest_difference.toExponential(1)}`}`,
  );
  for (const note of notes) console.say(`adapter: ${note}`);
  return { ...imported, licence: await licenceOf(calls, place, licence) };
}

/** Error `usage`, where the number of texts to be written is none. */
function requireSamples(given: Given): void {
  const samples = numberOf(given, 'max-generate-samples');
  if (samples === undefined || v.is(trainingOptions.max_generate_samples.schema, samples)) return;
  throw usage(
    `--max-generate-samples is ${samples}; whole numbers from 0 are allowed.`,
    'Correct this value; see --help.',
    '--max-generate-samples',
  );
}

export async function evaluate(given: Given, console: Console): Promise<number> {
  const data = await dataRef(
    await dataPlace(textOf(given, 'data') ?? 'bundled:clinc150', {
      flag: '--data',
      part: 'validation',
      reading: givenReading(given),
      given,
    }),
  );
  requireSamples(given);
  const { calls } = openSession(console, given);
  // Faults of the file show before the model is loaded; which columns its task needs is known then.
  const named = namedColumns(given);
  const inputs = data.kind === 'file' && /\.zip$/i.test(data.name) ? 'image' : 'text';
  const { table } = await beginningOf(data, nodeHost(undefined, given), undefined, { inputs });
  for (const column of Object.values(named).flat()) if (typeof column === 'string') columnIndex(table, column);
  await openGiven(calls, given, console);
  const report = await calls.evaluate({ data, columns: named, ...givenOptions(given, ['max_generate_samples']) });
  const { metrics, confusion, scatter, examples, written, truncated, max_length, columns, reasons, reading } = report;
  for (const sentence of reading) console.say(`data: ${sentence}`);
  sayColumns(console, columns, reasons);
  if (truncated > 0) {
    console.say(`data: ${countText(truncated)} of ${countText(examples)} texts are longer than ${max_length} tokens and were cut there`);
  }
  console.event({
    type: 'evaluate',
    ...metrics,
    examples,
    ...(written === undefined ? {} : { written }),
    truncated,
    columns,
    reasons,
    ...(confusion ? { confusion } : {}),
    ...(scatter ? { scatter } : {}),
  });
  const pairs = confusion === undefined ? '' : `\n\n${confusionText(confusion.labels, confusion.counts)}`;
  console.result(`${countText(examples)} examples: ${metricsText(metrics)}${writtenText(report)}${pairs}`);
  return 0;
}
