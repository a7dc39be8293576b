// evaluate: metrics of an adapter on a data file.

import { defaultRevision, looksLikeRepo } from '../../src/hub/repo.ts';
import { RetraceError } from '../../src/protocol/errors.ts';
import type { ImportResult } from '../../src/protocol/messages.ts';
import { adapterZip } from '../adapter_files.ts';
import { namedColumns, sayColumns } from '../columns.ts';
import type { Console } from '../console.ts';
import { dataPlace, dataRef } from '../data.ts';
import { fetched } from '../fetching.ts';
import { type Given, usage } from '../flags.ts';
import { bundledNames, diskFolder } from '../folders.ts';
import { confusionText, countText } from '../format.ts';
import { type ModelPlace, modelFolder, modelPlace, modelRef, shownPlace, weightsSha256 } from '../models.ts';
import { type OpenSession, openSession, sayDevice } from '../open_session.ts';
import { givenReading } from '../reading.ts';
import { textOf } from '../settings.ts';
import { metricsText } from '../train_report.ts';

/** The place of the base: what --model names, else what is here with the weights that the adapter names. Error: `base-not-here`. */
async function baseOf(calls: OpenSession['calls'], given: Given, zip: Blob): Promise<ModelPlace> {
  const named = textOf(given, 'model');
  if (named !== undefined) return modelPlace(named, given);
  const { name, sha256, found } = await calls.baseOf({ zip });
  if (found?.kind === 'hub') {
    const { name: id, revision, commit } = found;
    return { kind: 'hub', id, revision: revision ?? commit ?? defaultRevision, ...(commit === undefined ? {} : { commit }) };
  }
  for (const bundled of bundledNames('models')) {
    const folder = diskFolder(modelFolder(bundled), bundled);
    if (name === bundled || (sha256 !== undefined && sha256 === (await weightsSha256(folder)))) return bundled;
  }
  // What is neither an id nor known may still be named wrongly: the bundled model, which is the default, is compared with it.
  if (!name.includes('/') || !looksLikeRepo(name)) return modelPlace('bundled');
  throw new RetraceError({
    code: 'base-not-here',
    message: `The adapter was trained on ${name}, which is not kept here.`,
    where: '--model',
    remedy: `Add --model ${name} to fetch it from the hub, or name the folder that it is in.`,
  });
}

/** Loads --adapter on --model and says that its self-test passed. */
export async function importGiven(calls: OpenSession['calls'], given: Given, console: Console): Promise<ImportResult> {
  const path = textOf(given, 'adapter');
  if (path === undefined)
    throw usage('No adapter is named.', 'Add --adapter, the folder that train wrote or an exported zip.', '--adapter');
  const zip = await adapterZip(path);
  const { place } = await fetched(calls, await baseOf(calls, given, zip), console);
  const model = await modelRef(place);
  if (given['model'] === undefined && model.kind !== 'bundled') console.say(`model: ${shownPlace(place)}, by its checksum`);
  await sayDevice(calls, console);
  const imported = await calls.importAdapter({ zip, model });
  const { verified, method, labels, notes } = imported;
  console.say(
    `adapter: ${method}, ${labels.length} classes; ${verified.texts.length === 0 ? 'it records no logits to compare' : `its logits on ${verified.texts.length} texts are the recorded ones to ${verified.largest_difference.toExponential(1)}`}`,
  );
  for (const note of notes) console.say(`adapter: ${note}`);
  return imported;
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
  const { calls } = openSession(console, given);
  // Faults of the file show before the model is loaded.
  const named = namedColumns(given);
  await calls.previewData({ data, named });
  await importGiven(calls, given, console);
  const { metrics, confusion, examples, truncated, max_length, columns, reasons, reading } = await calls.evaluate({ data, columns: named });
  for (const sentence of reading) console.say(`data: ${sentence}`);
  sayColumns(console, columns, reasons);
  if (truncated > 0) {
    console.say(`data: ${countText(truncated)} of ${countText(examples)} texts are longer than ${max_length} tokens and were cut there`);
  }
  console.event({ type: 'evaluate', ...metrics, examples, truncated, columns, reasons, confusion });
  console.result(`${countText(examples)} examples: ${metricsText(metrics)}\n\n${confusionText(confusion.labels, confusion.counts)}`);
  return 0;
}
