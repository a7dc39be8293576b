// A data file: its columns, what they are taken for, its classes. Every fault of a row is the error that training would meet.

import { existsSync } from 'node:fs';
import { toExamples } from '../../src/data/examples.ts';
import { columnsOf, readTable } from '../../src/session/data.ts';
import { columnsText, namedColumns, reasonLines } from '../columns.ts';
import type { Given } from '../flags.ts';
import { dataPlace, dataRef, noSuchFile } from '../folders.ts';
import { countText, percentText, tableText } from '../format.ts';
import { nodeHost } from '../host.ts';
import type { Finding } from './finding.ts';

const shownClasses = 30;

export async function inspectData(path: string, given: Given): Promise<Finding> {
  if (!path.startsWith('bundled:') && !existsSync(path)) throw noSuchFile(path, path, 'Check the path.');
  const table = await readTable(await dataRef(dataPlace(path, path, 'train', given['no-header'] !== true)), nodeHost());
  const { columns, reasons } = columnsOf(table, namedColumns(given));
  const { examples, labels } = toExamples(table, {
    textColumn: columns.text,
    textPairColumn: columns.text_pair,
    labelColumn: columns.label,
  });
  const per_label = labels.map(() => 0);
  for (const { label } of examples) per_label[label] = (per_label[label] ?? 0) + 1;
  const order = labels.map((_, i) => i).sort((a, b) => (per_label[b] ?? 0) - (per_label[a] ?? 0));
  const rows = order
    .slice(0, shownClasses)
    .map((i) => [labels[i] as string, countText(per_label[i] ?? 0), percentText((per_label[i] ?? 0) / examples.length)]);
  return {
    object: {
      type: 'data',
      ...{
        name: table.name,
        rows: table.rows.length,
        columns: table.columns,
        header: table.header,
        roles: columns,
        reasons,
        labels,
        per_label,
      },
    },
    text: [
      `${path}: ${countText(table.rows.length)} rows of ${table.columns.length} columns (${table.columns.join(', ')})`,
      `${columnsText(columns)}; ${labels.length} classes`,
      ...reasonLines(columns, reasons).map((line) => `  ${line}`),
      '',
      tableText([['class', 'rows', 'share'], ...rows]) + (labels.length > shownClasses ? `\nand ${labels.length - shownClasses} more` : ''),
    ].join('\n'),
  };
}
