// evaluate: metrics of an adapter on a data file.

import type { ImportResult } from '../../src/protocol/messages.ts';
import { adapterZip } from '../adapter_files.ts';
import { namedColumns, sayColumns } from '../columns.ts';
import type { Console } from '../console.ts';
import { type Given, usage } from '../flags.ts';
import { dataPlace, dataRef, modelPlace, modelRef } from '../folders.ts';
import { confusionText, countText } from '../format.ts';
import { type OpenSession, openSession, sayDevice } from '../open_session.ts';
import { givenReading } from '../reading.ts';
import { textOf } from '../settings.ts';
import { metricsText } from '../train_report.ts';

/** Loads --adapter on --model and says that its self-test passed. */
export async function importGiven(calls: OpenSession['calls'], given: Given, console: Console): Promise<ImportResult> {
  const path = textOf(given, 'adapter');
  if (path === undefined)
    throw usage('No adapter is named.', 'Add --adapter, the folder that train wrote or an exported zip.', '--adapter');
  const zip = await adapterZip(path);
  const model = await modelRef(modelPlace(textOf(given, 'model') ?? 'bundled'));
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
  const data = await dataRef(dataPlace(textOf(given, 'data') ?? 'bundled:clinc150', '--data', 'validation', givenReading(given)));
  const { calls } = openSession(console);
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
