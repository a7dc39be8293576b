// plan: the exact memory plan, from the configuration alone. Reads no weights, and asks of the device only whether it is a processor.

import type { PlanRequest } from '../../src/protocol/messages.ts';
import { sayColumns } from '../columns.ts';
import type { Console } from '../console.ts';
import { fetchPlanText } from '../fetching.ts';
import { commandFlags, type Given, usage } from '../flags.ts';
import { modelRef } from '../models.ts';
import { type OpenSession, openSession } from '../open_session.ts';
import { planObject, planText } from '../plan_report.ts';
import { configOf, lengthNote, memoryIn, numberOf, requireRead, type Settings, settingsOf } from '../settings.ts';
import { sayWarnings } from '../warnings.ts';

/** The plan that a run of these settings would have. */
export async function planRequestOf(
  open: Pick<OpenSession, 'model'>,
  settings: Settings,
  num_labels: number,
  num_hidden_layers?: number,
): Promise<PlanRequest> {
  if (!Number.isInteger(num_labels) || num_labels < 2) {
    throw usage(
      `--num-labels is ${num_labels}; a whole number of at least 2 is allowed.`,
      commandFlags.plan['num-labels'].help,
      '--num-labels',
    );
  }
  const { training, pooling, image_size, task, method, options, ...run } = await configOf(settings);
  return {
    model: await open.model(settings.model, num_hidden_layers),
    num_labels,
    task,
    ...(pooling === undefined ? {} : { pooling }),
    image_size,
    method,
    ...memoryIn(run),
    options,
    batch_size: training.batch_size,
    length: training.max_length,
    dropout: training.dropout,
    optimizer: training,
  };
}

export async function plan(given: Given, console: Console): Promise<number> {
  const open = openSession(console, given);
  const { calls, reads } = open;
  const { methods } = await calls.catalogue(undefined);
  const settings = await settingsOf(given, methods, reads);
  requireRead(given, methods, settings);
  const note = lengthNote(given, settings);
  if (note !== undefined) console.say(note);
  const examined = async () => {
    const { model, image_size, data, eval_data, task, training } = await configOf(settings);
    const { guess: columns, reasons } = await calls.previewData({ data, named: settings.columns, task });
    sayColumns(console, columns, reasons);
    const request = {
      model,
      ...(image_size === undefined ? {} : { image_size }),
      data,
      columns,
      task,
      max_length: training.max_length,
      seed: training.seed,
    };
    const { labels, warnings } = await calls.examineData({ ...request, ...(eval_data ? { eval_data } : {}) });
    sayWarnings(console, warnings);
    return { labels, of: { columns, reasons, warnings } };
  };
  const num_labels = numberOf(given, 'num-labels');
  const data = given['data'] === undefined || num_labels !== undefined ? undefined : await examined();
  const request = await planRequestOf(open, settings, num_labels ?? (data?.labels.length || 2));
  const report = await calls.plan({ ...request, granularities: 'all' });
  const { model } = settings;
  const fetch = typeof model === 'string' ? undefined : await calls.fetchPlan({ model: await modelRef(model) });
  if (fetch !== undefined) console.say(`model: ${fetchPlanText(fetch)}`);
  console.event({
    ...planObject(report),
    ...data?.of,
    ...(fetch === undefined ? {} : { fetch }),
  });
  console.result(planText(report));
  return 0;
}
