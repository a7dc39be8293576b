// The columns of a command's data: those that flags name, the rest guessed, and what was guessed said with its reason.

import type { ColumnParts, ColumnReasons, Columns, NamedColumns } from '../src/protocol/config.ts';
import { listText } from '../src/protocol/sentences.ts';
import type { Console } from './console.ts';
import type { Given } from './flags.ts';

/** In place of a second text's column: there is none. A column of that name is named by its number. */
const none = 'none';

export function namedColumns(given: Given): NamedColumns {
  const of = (flag: string) => given[flag] as string | undefined;
  const [text, image, pair] = [of('text-column'), of('image-column'), of('text-pair-column')];
  const [label, target] = [of('label-column'), of('target-column')];
  const choices = given['choice-columns'] as readonly string[] | undefined;
  return {
    ...(text === undefined ? {} : { text }),
    ...(image === undefined ? {} : { image }),
    ...(pair === undefined ? {} : { text_pair: pair === none ? null : pair }),
    ...(label === undefined ? {} : { label }),
    ...(choices === undefined ? {} : { choices: [...choices] }),
    ...(target === undefined ? {} : { target }),
  };
}

/** Columns that lack nothing that the task needs, or undefined. */
export function wholeColumns({ text_pair, ...named }: NamedColumns, { needed }: ColumnParts): Columns | undefined {
  if (needed.some((part) => part !== 'text_pair' && named[part] === undefined)) return undefined;
  return { ...named, ...(typeof text_pair === 'string' ? { text_pair } : {}) };
}

const nameText = (name: string | readonly string[]): string =>
  [name]
    .flat()
    .map((one) => `'${one}'`)
    .join(', ');

/** `text 'a' and 'b', label 'c'` */
export function columnsText({ text, image, text_pair, label, choices, target }: Columns): string {
  const parts = [
    ...(text === undefined ? [] : [`text '${text}'${text_pair === undefined ? '' : ` and '${text_pair}'`}`]),
    ...(image === undefined ? [] : [`pictures '${image}'`]),
    ...(choices === undefined ? [] : [`choices ${nameText(choices)}`]),
    ...(label === undefined ? [] : [`label '${label}'`]),
    ...(target === undefined ? [] : [`target '${target}'`]),
  ];
  return parts.join(', ');
}

const parts = { text: 'text', image: 'pictures', text_pair: 'second text', choices: 'choices', label: 'label', target: 'target' } as const;
const partNames = ['text', 'image', 'text_pair', 'choices', 'label', 'target'] as const;

/** One line a guess: `label 'stars', because labels are often called 'stars'`. */
export const reasonLines = (columns: Partial<Columns>, reasons: ColumnReasons): string[] =>
  partNames.flatMap((part) =>
    reasons[part] === undefined ? [] : [`${parts[part]} ${nameText(columns[part] ?? '')}, because ${reasons[part]}`],
  );

/** Flags that choose columns, but for that of the second text. */
const flags = {
  text: '--text-column',
  image: '--image-column',
  choices: '--choice-columns',
  label: '--label-column',
  target: '--target-column',
} as const;

/** Says what was guessed and how to choose otherwise; nothing where all columns were named. */
export function sayColumns(console: Console, columns: Columns, reasons: ColumnReasons): void {
  const lines = reasonLines(columns, reasons);
  if (lines.length === 0) return;
  const others = (['text', 'image', 'choices', 'label', 'target'] as const).flatMap((part) =>
    columns[part] === undefined ? [] : [flags[part]],
  );
  const pair = reasons.text_pair === undefined ? '' : `; --text-pair-column ${none}: no second text`;
  console.say(
    `columns: ${columnsText(columns)} (guessed; ${listText(others)} ${others.length === 1 ? 'chooses' : 'choose'} others${pair})`,
  );
  for (const line of lines) console.say(`  ${line}`);
}
