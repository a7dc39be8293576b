// The columns of a command's data: those that flags name, the rest guessed, and what was guessed said with its reason.

import type { ColumnReasons, Columns, NamedColumns } from '../src/protocol/config.ts';
import type { Console } from './console.ts';
import type { Given } from './flags.ts';

/** In place of a second text's column: there is none. A column of that name is named by its number. */
const none = 'none';

export function namedColumns(given: Given): NamedColumns {
  const of = (flag: string) => given[flag] as string | undefined;
  const [text, pair, label] = [of('text-column'), of('text-pair-column'), of('label-column')];
  return {
    ...(text === undefined ? {} : { text }),
    ...(pair === undefined ? {} : { text_pair: pair === none ? null : pair }),
    ...(label === undefined ? {} : { label }),
  };
}

/** Columns that lack nothing, or undefined. */
export function wholeColumns({ text, text_pair, label }: NamedColumns): Columns | undefined {
  if (text === undefined || label === undefined) return undefined;
  return { text, label, ...(typeof text_pair === 'string' ? { text_pair } : {}) };
}

/** `text 'a' and 'b', label 'c'` */
export const columnsText = ({ text, text_pair, label }: Columns): string =>
  `text '${text}'${text_pair === undefined ? '' : ` and '${text_pair}'`}${label === undefined ? '' : `, label '${label}'`}`;

const parts = { text: 'text', text_pair: 'second text', label: 'label' } as const;

/** One line a guess: `label 'stars', because labels are often called 'stars'`. */
export const reasonLines = (columns: Partial<Columns>, reasons: ColumnReasons): string[] =>
  (['text', 'text_pair', 'label'] as const).flatMap((part) =>
    reasons[part] === undefined ? [] : [`${parts[part]} '${columns[part]}', because ${reasons[part]}`],
  );

/** Says what was guessed and how to choose otherwise; nothing where all columns were named. */
export function sayColumns(console: Console, columns: Columns, reasons: ColumnReasons): void {
  const lines = reasonLines(columns, reasons);
  if (lines.length === 0) return;
  const flags = ['--text-column', ...(columns.label === undefined ? [] : ['--label-column'])].join(' and ');
  const pair = reasons.text_pair === undefined ? '' : `; --text-pair-column ${none}: no second text`;
  console.say(`columns: ${columnsText(columns)} (guessed; ${flags} choose others${pair})`);
  for (const line of lines) console.say(`  ${line}`);
}
