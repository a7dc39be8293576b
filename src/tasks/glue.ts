// GLUE's eight tasks by name: classification or regression with the columns, the names and order of the classes, the metrics and the best of them that
// GLUE has (Wang et al. 2019). Their facts stand in src/protocol/hub_data.ts; here is how rows become examples, from the hub's columns or from GLUE's own
// files. Invariant: a class has the same number whichever of the two it is read from.

import { unlabelledLayout, usualColumns } from '../data/columns/usual.ts';
import { type ColumnChoice, type Dataset, labelColumnOf, toExamples } from '../data/examples.ts';
import { columnIndex, type Table } from '../data/table/table.ts';
import type { Columns, DataRef } from '../protocol/config.ts';
import { glueTasks as facts, type KnownDataset } from '../protocol/hub_data.ts';
import { classification } from './classification.ts';
import { regression } from './regression.ts';
import type { Task } from './task.ts';

/** Columns of GLUE's own files, where they are not called as on the hub. CoLA's have no header. */
const ownColumns: Readonly<Record<string, Columns>> = {
  cola: { text: '3', label: '1' },
  mrpc: { text: '#1 String', text_pair: '#2 String', label: 'Quality' },
  stsb: { text: 'sentence1', text_pair: 'sentence2', label: 'score' },
  qqp: { text: 'question1', text_pair: 'question2', label: 'is_duplicate' },
  mnli: { text: 'sentence1', text_pair: 'sentence2', label: 'gold_label' },
};

/** Rows whose classes stand there by name or by number. */
const examplesOf =
  (classes: readonly string[]) =>
  (table: Table, choice: ColumnChoice): Dataset => {
    const at = columnIndex(table, labelColumnOf(table, choice));
    const nameOf = (cell: string): string => (/^\s*\d+\s*$/.test(cell) ? (classes[Number(cell)] ?? cell) : cell);
    const rows = table.rows.map((row) => row.with(at, nameOf(row[at] ?? '')));
    return toExamples({ ...table, rows }, choice, classes);
  };

/** GLUE's own files hold quotes that stand for nothing. */
const readAsGlue = (data: DataRef): DataRef =>
  data.kind === 'file' && /\.tsv$/i.test(data.name) ? { separator: '\t', quote: '', ...data } : data;

/** Of the base's metrics those that GLUE reports, in its order. */
function metricsOf(base: Task, names: readonly string[]): Task['metrics'] {
  return names.flatMap((name) => base.metrics.filter((metric) => metric.name === name));
}

function glueTask(known: KnownDataset): Task {
  const base = known.classes.length === 0 ? regression : classification;
  const [best = base.metric_for_best_model] = known.metrics;
  return {
    ...base,
    name: known.task,
    title: known.title,
    summary: known.is,
    dataset: known,
    reads: readAsGlue,
    // Of a file that has neither the hub's columns nor GLUE's they are guessed.
    columnsOf: (table, named, classes) =>
      usualColumns(table, known.title, [known.columns, ownColumns[known.config]], named) ?? base.columnsOf(table, named, classes),
    unlabelled: {
      ...base.unlabelled,
      columnsOf: (table, named) =>
        usualColumns(table, known.title, [known.columns, ownColumns[known.config]].map(unlabelledLayout), named) ??
        base.unlabelled.columnsOf(table, named),
    },
    examplesOf: known.classes.length === 0 ? base.examplesOf : examplesOf(known.classes),
    score(examples, classes) {
      const { metrics, ...rest } = base.score(examples, classes);
      const reported = Object.entries(metrics).filter(([name]) => name === 'loss' || (known.metrics as readonly string[]).includes(name));
      return { metrics: Object.fromEntries(reported), ...rest };
    },
    metrics: metricsOf(base, known.metrics),
    metric_for_best_model: best,
  };
}

export const glueTasks: readonly Task[] = facts.map(glueTask);
