// What goes with what a model reads: a task of the same, and data of the same. Pure. Not here: which task a model of its kind can't learn, and why
// (TaskCard.refusal). Invariant: what is chosen stays as long as it can be read.

import type { BundledData, Catalogue, Inputs, TaskCard } from '../../src/protocol/cards.ts';
import type { DataRef } from '../../src/protocol/config.ts';
import { evaluationSplit } from '../../src/protocol/hub_data.ts';
import type { DataPreview } from '../../src/protocol/messages.ts';
import { type Settings, taskOf } from './settings.ts';

/** Data, what evaluates with them, and their columns. */
export type DataChoice = Pick<Settings, 'data' | 'eval_data' | 'columns'>;

/** Whether a task learns one thing of each text or picture that stands beside it. */
export const labelsRead = ({ learns }: Pick<TaskCard, 'learns'>): boolean => learns === 'class' || learns === 'number';

/** The columns of a data set that comes with Retrace by its first labels; undefined of any other. */
export function bundledColumns(bundled: Catalogue['data'], { kind, name }: Pick<DataRef, 'kind' | 'name'>): Settings['columns'] {
  const item = kind === 'bundled' ? bundled.find((one) => one.name === name) : undefined;
  const label = item?.label_columns[0];
  return item === undefined || label === undefined ? undefined : { [item.inputs]: item.inputs, label };
}

/** A data set that comes with Retrace, evaluated with by its validation part where it has one. */
export function bundledChoice(item: BundledData, task: Pick<TaskCard, 'learns'> | undefined): DataChoice {
  const data = { kind: 'bundled', name: item.name, part: 'train' } as const;
  return {
    data,
    eval_data: item.parts.includes('validation') ? { ...data, part: 'validation' } : undefined,
    columns: task !== undefined && labelsRead(task) ? bundledColumns([item], data) : undefined,
  };
}

/** Whether data that are chosen may be of texts, or of pictures. */
function mayHold({ data, columns }: DataChoice, inputs: Inputs, bundled: Catalogue['data']): boolean {
  if (data.kind === 'bundled') return bundled.some((item) => item.name === data.name && item.inputs === inputs);
  if (data.kind === 'pictures') return inputs === 'image';
  // Columns are known once they have been read as one or the other.
  if (columns !== undefined) return (columns.image === undefined ? 'text' : 'image') === inputs;
  return data.kind === 'hub' || (inputs === 'image' ? /\.(?:zip|parquet)$/i.test(data.name) : !/\.zip$/i.test(data.name));
}

/** The settings with the first task, and the first data of those that come with Retrace, that a model with such inputs can read; where they fit, as they are. */
export function fittedTo(inputs: Inputs, settings: Settings, catalogue: Pick<Catalogue, 'tasks' | 'data'>): Settings {
  const { tasks, data: bundled } = catalogue;
  const task = taskOf({ methods: [], models: [], ...catalogue }, settings);
  const next = task?.inputs === inputs ? task : tasks.find((one) => one.inputs === inputs && one.refusal === undefined);
  if (next === undefined || next === task) return settings;
  return { ...settings, task: next.name, ...dataFor(next, settings, bundled) };
}

/** The data for another task: those that are chosen, their columns to be guessed anew, or where it can't read them the first that come with Retrace. */
export function dataFor(task: TaskCard, settings: Settings, bundled: Catalogue['data']): Partial<DataChoice> {
  const own = bundled.find((item) => item.inputs === task.inputs);
  if (mayHold(settings, task.inputs, bundled) || own === undefined)
    return { columns: labelsRead(task) ? bundledColumns(bundled, settings.data) : undefined };
  return bundledChoice(own, task);
}

/** The settings once the data's first rows are known: their columns as they were guessed, and the part of a set of pictures that evaluates. */
export function withPreviewed(settings: Settings, { guess, parts }: Pick<DataPreview, 'guess' | 'parts'>): Settings {
  const { data, columns = guess } = settings;
  if (data.kind !== 'pictures' && data.kind !== 'file') return { ...settings, columns };
  const part = parts?.[0] === 'train' ? evaluationSplit(parts) : undefined;
  return { ...settings, columns, eval_data: part === undefined ? undefined : { ...data, part } };
}
