// GLUE's tasks read the hub's columns and GLUE's own files alike. The rows are made up; layouts and class names are GLUE's.

import { describe, expect, test } from 'vitest';
import { columnChoice } from '../data/examples.ts';
import type { Table } from '../data/table/table.ts';
import { parseTable } from '../data/table/testing.ts';
import { columnNames } from '../protocol/config.ts';
import { glueTasks as facts } from '../protocol/hub_data.ts';
import { taskCards, taskNamed, taskNames } from './registry.ts';
import { judgedRows } from './testing.ts';

interface Layout {
  readonly header: string;
  /** A row of text, or of a pair, with what stands for its target. */
  row(first: string, second: string, target: string): string;
  readonly targets: readonly string[];
}

const tabs = (...cells: readonly string[]) => cells.join('\t');
const own: Readonly<Record<string, Layout>> = {
  cola: { header: '', row: (text, _, label) => tabs('gj04', label, label === '0' ? '*' : '', text), targets: ['0', '1'] },
  sst2: { header: 'sentence\tlabel', row: (text, _, label) => tabs(text, label), targets: ['0', '1'] },
  mrpc: {
    header: 'Quality\t#1 ID\t#2 ID\t#1 String\t#2 String',
    row: (a, b, label) => tabs(label, '7029', '7030', a, b),
    targets: ['0', '1'],
  },
  stsb: {
    header: 'index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore',
    row: (a, b, score) => tabs('3', 'main-captions', 'MSRvid', '2012test', '0001', 'none', 'none', a, b, score),
    targets: ['5.000', '0.200'],
  },
  qqp: {
    header: 'id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate',
    row: (a, b, label) => tabs('1', '2', '3', a, b, label),
    targets: ['0', '1'],
  },
  mnli: {
    header: 'index\tpromptID\tpairID\tgenre\tsentence1_parse\tsentence2_parse\tsentence1\tsentence2\tlabel1\tgold_label',
    row: (a, b, label) => tabs('0', '31193', '31193n', 'government', '( a )', '( b )', a, b, label, label),
    targets: ['entailment', 'neutral', 'contradiction'],
  },
  qnli: {
    header: 'index\tquestion\tsentence\tlabel',
    row: (a, b, label) => tabs('0', a, b, label),
    targets: ['entailment', 'not_entailment'],
  },
  rte: {
    header: 'index\tsentence1\tsentence2\tlabel',
    row: (a, b, label) => tabs('0', a, b, label),
    targets: ['entailment', 'not_entailment'],
  },
};

function ownTable(name: string): Table {
  const { header, row, targets } = own[name] as Layout;
  const rows = targets.map((target, i) => row(`He said " so it is ${i}`, `So it is " he said ${i}`, target));
  return parseTable('train.tsv', [...(header === '' ? [] : [header]), ...rows].join('\n'), {
    separator: '\t',
    quote: '',
    header: header !== '',
  });
}

describe.each(facts)('$title', ({ config, columns, classes, metrics }) => {
  const task = taskNamed(config);
  const read = (table: Table, known?: readonly string[]) => {
    const chosen = task.columnsOf(table, undefined, known).columns;
    return task.examplesOf(table, columnChoice(chosen), known);
  };
  const { targets } = own[config] as Layout;

  test('rows of its own file, quotes and all, are examples with its classes in its order', () => {
    const { labels, examples } = read(ownTable(config));
    expect(labels).toEqual(classes);
    expect(examples.map(({ label }) => label)).toEqual(classes.length === 0 ? targets.map(Number) : targets.map((_, i) => i));
    expect(examples[1]?.text).toBe('He said " so it is 1');
    expect(examples[1]?.textPair).toBe(columns.text_pair === undefined ? undefined : 'So it is " he said 1');
  });

  test("so are the hub's rows, whose classes stand there by name", () => {
    const names = [...columnNames(columns), 'idx'];
    const values = classes.length === 0 ? ['3.25', '1'] : classes;
    const rows = values.map((value, i) =>
      tabs(...names.map((name) => (name === columns.label ? value : name === 'idx' ? String(i) : `a ${name}`))),
    );
    const { labels, examples } = read(parseTable('hub', [tabs(...names), ...rows].join('\n'), { separator: '\t' }));
    expect(labels).toEqual(classes);
    expect(examples.map(({ label }) => label)).toEqual(classes.length === 0 ? [3.25, 1] : classes.map((_, i) => i));
  });

  test('its metrics are those that GLUE reports, the first of them chooses the best', () => {
    const outputs =
      classes.length === 0
        ? Float32Array.of(1, 2.5)
        : Float32Array.of(...classes.flatMap((_, i) => classes.map((_c, j) => (i === j ? 1 : 0))));
    const scored = task.score(judgedRows(outputs, classes.length === 0 ? [1, 2] : classes.map((_, i) => i)), classes);
    expect(Object.keys(scored.metrics).toSorted()).toEqual([...metrics, 'loss'].toSorted());
    expect(task.metrics.map(({ name }) => name)).toEqual(metrics);
    expect(task.metric_for_best_model).toBe(metrics[0]);
  });
});

test('F1 of MRPC is that of pairs that say the same, and a row alone is enough to evaluate with', () => {
  const task = taskNamed('mrpc');
  const two = Float32Array.of(0, 1, 0, 1, 1, 0);
  expect(task.score(judgedRows(two, [1, 0, 1]), ['not_equivalent', 'equivalent']).metrics).toMatchObject({ f1: 0.5, accuracy: 1 / 3 });
  const [table, choice] = [ownTable('mrpc'), { textColumn: '#1 String', textPairColumn: '#2 String', labelColumn: 'Quality' }];
  const one = { ...table, rows: table.rows.slice(1), rowNumbers: table.rowNumbers.slice(1) };
  expect(task.examplesOf(one, choice, ['not_equivalent', 'equivalent']).examples).toMatchObject([{ label: 1 }]);
});

test('a label that is none of its classes is refused with the row', () => {
  const task = taskNamed('mnli');
  const table = parseTable('dev.tsv', 'sentence1\tsentence2\tgold_label\na b\tc d\tentailment\na b\tc d\t-\na b\tc d\t7', {
    separator: '\t',
  });
  const choice = { textColumn: 'sentence1', textPairColumn: 'sentence2', labelColumn: 'gold_label' };
  expect(() => task.examplesOf(table, choice)).toThrow(
    expect.objectContaining({ code: 'unknown-label', message: expect.stringMatching(/"-", "7".*rows 3 and 4/) }),
  );
});

test("quotes are read as they stand in GLUE's own files, unless one says otherwise", () => {
  const { reads } = taskNamed('qqp');
  const file = { kind: 'file', name: 'train.tsv', blob: new Blob([]) } as const;
  expect(reads?.(file)).toMatchObject({ separator: '\t', quote: '' });
  expect(reads?.({ ...file, quote: '"' })).toMatchObject({ quote: '"' });
  expect(reads?.({ ...file, name: 'rows.csv' })).not.toHaveProperty('quote');
});

test('every task has a card, a name of its own, and a metric of its own that chooses the best', () => {
  const general = [
    'classification',
    'regression',
    'multiple_choice',
    'question_answering',
    'language_modelling',
    'sequence_to_sequence',
    'image_classification',
  ];
  const questions = ['openbookqa', 'piqa', 'arc_easy', 'arc_challenge', 'sciq'];
  const glue = ['cola', 'sst2', 'mrpc', 'stsb', 'qqp', 'mnli', 'qnli', 'rte'];
  expect(taskNames).toEqual([...general, ...glue, ...questions]);
  for (const { name, metrics, metric_for_best_model, learns, dataset } of taskCards()) {
    expect(
      metrics.map((metric) => metric.name),
      name,
    ).toContain(metric_for_best_model);
    expect(learns === 'number', name).toBe(['regression', 'stsb'].includes(name));
    expect(dataset?.task, name).toBe(general.includes(name) ? undefined : name);
  }
});
