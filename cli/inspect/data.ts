// A data file: its columns, what they are taken for, its classes. Every fault of a row is the error that training would meet.

import { existsSync } from 'node:fs';
import { toExamples } from '../../src/data/examples.ts';
import { columnsOf, readTable } from '../../src/session/data.ts';
import type { Finding } from '../commands/inspect.ts';
import type { Given } from '../flags.ts';
import { dataPlace, dataRef, noSuchFile } from '../folders.ts';
import { countText, percentText, tableText } from '../format.ts';
import { nodeHost } from '../host.ts';
import { givenColumns } from '../settings.ts';

const shownClasses = 30;

export async function inspectData(path: string, given: Given): Promise<Finding> {
  if (!path.startsWith('bundled:') && !existsSync(path)) throw noSuchFile(path, path, 'Check the path.');
  const table = await readTable(await dataRef(dataPlace(path, path, 'train', given['no-header'] !== true)), nodeHost());
  const named = givenColumns(given);
  const columns = {
    ...(named.text !== undefined && named.label !== undefined ? { text: named.text, label: named.label } : columnsOf(table)),
    ...named,
  };
  const { examples, labels } = toExamples(table, {
    textColumn: columns.text,
    textPairColumn: columns.text_pair,
    labelColumn: columns.label,
  });
  const per_label = labels.map((_, label) => examples.filter((example) => example.label === label).length);
  const order = labels.map((_, i) => i).sort((a, b) => (per_label[b] ?? 0) - (per_label[a] ?? 0));
  const rows = order
    .slice(0, shownClasses)
    .map((i) => [labels[i] as string, countText(per_label[i] ?? 0), percentText((per_label[i] ?? 0) / examples.length)]);
  const pair = columns.text_pair === undefined ? '' : ` and '${columns.text_pair}'`;
  return {
    object: {
      type: 'data',
      ...{ name: table.name, rows: table.rows.length, columns: table.columns, header: table.header, roles: columns, labels, per_label },
    },
    text: [
      `${path}: ${countText(table.rows.length)} rows of ${table.columns.length} columns (${table.columns.join(', ')})`,
      `text '${columns.text}'${pair}, label '${columns.label}'; ${labels.length} classes`,
      '',
      tableText([['class', 'rows', 'share'], ...rows]) + (labels.length > shownClasses ? `\nand ${labels.length - shownClasses} more` : ''),
    ].join('\n'),
  };
}
