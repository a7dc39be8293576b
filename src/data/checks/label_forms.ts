// Labels that look alike: the same word in another case, with other spaces, in another Unicode form, a number written in another way. Knows
// no rows. Invariant: folding is done step by step, so that it can be said what two labels differ in.

import { numberOf } from '../cells.ts';

// Cyrillic and Greek letters that are drawn like Latin ones.
const LOOKALIKES: Readonly<Record<string, string>> = Object.fromEntries(
  ['аa', 'еe', 'оo', 'рp', 'сc', 'уy', 'хx', 'іi', 'АA', 'ВB', 'ЕE', 'КK', 'МM', 'НH', 'ОO', 'РP', 'СC', 'ТT', 'УY', 'ХX']
    .concat([
      'οo',
      'ΑA',
      'ΒB',
      'ΕE',
      'ΗH',
      'ΙI',
      'ΚK',
      'ΜM',
      'ΝN',
      'ΟO',
      'ΡP',
      'ΤT',
      'ΥY',
      'ΧX',
      "’'",
      "‘'",
      '“"',
      '”"',
      '–-',
      '—-',
      '−-',
      '‐-',
    ])
    .map((pair) => [[...pair][0] as string, [...pair][1] as string]),
);

/** A number in one form; long ones stay, for a double can't tell them apart. */
function numberForm(label: string): string {
  const value = label.length > 15 ? undefined : numberOf(label);
  return value === undefined ? label : `#${value === 0 ? 0 : value}`;
}

/** Quotes, brackets and stops around a label; what joins its words. Signs stay: "C++" is not "C", "-1" is not "1". */
const withoutMarks = (label: string): string =>
  label.startsWith('#')
    ? label
    : label
        .replace(/^["'([{<«]+|[.,;:!?…"')\]}>»]+$/g, '')
        .replace(/(?<=\p{L})(?:\s+|_+|-|[./])(?=\p{L})|(?<=\p{L})(?:\s+|_+|-)(?=\p{N})|(?<=\p{N})(?:\s+|_+|-)(?=\p{L})/gu, '');

interface Step {
  readonly what: string;
  fold(label: string): string;
}

const steps: readonly Step[] = [
  {
    what: 'spaces',
    fold: (label) =>
      label
        .replace(/\p{Cf}|\ufe0f/gu, '')
        .replace(/\s+/g, ' ')
        .trim(),
  },
  { what: 'Unicode form', fold: (label) => label.normalize('NFKC').replace(/[^\x20-\x7e]/gu, (letter) => LOOKALIKES[letter] ?? letter) },
  { what: 'case', fold: (label) => label.toUpperCase().toLowerCase() },
  { what: 'how a number is written', fold: numberForm },
  { what: 'punctuation', fold: withoutMarks },
];

const folded = (label: string, by: readonly Step[]): string => by.reduce((form, { fold }) => fold(form), label);

/** The form that all labels that look alike have in common. */
export const labelForm = (label: string): string => folded(label, steps);

/** What labels of one form differ in: `case`, `spaces and case`. The fewest steps that make them one, the plainer ones rather. */
export function differenceOf(labels: readonly string[]): string {
  let needed = steps;
  for (const step of steps.toReversed()) {
    const rest = needed.filter((one) => one !== step);
    if (new Set(labels.map((label) => folded(label, rest))).size === 1) needed = rest;
  }
  const found = needed.map(({ what }) => what);
  return found.length < 2 ? found.join('') : `${found.slice(0, -1).join(', ')} and ${found.at(-1)}`;
}

/** Sets of two and more labels that look alike. */
export function lookAlikes(labels: Iterable<string>): string[][] {
  const byForm = new Map<string, string[]>();
  for (const label of labels) {
    const form = labelForm(label);
    const same = byForm.get(form);
    if (same) same.push(label);
    else byForm.set(form, [label]);
  }
  return [...byForm.values()].filter((same) => same.length > 1);
}
