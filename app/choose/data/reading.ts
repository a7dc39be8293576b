// How a picked file is read: what can be chosen, and the data reference after a choice. Pure. Invariant: a setting that is detected
// has no value in the reference.

import type { DataRef } from '../../../src/protocol/config.ts';
import { defaultMaxRows, type Encoding, encodings, type Reading } from '../../../src/protocol/reading.ts';
import { countText } from '../../../src/protocol/sentences.ts';
import type { ChoiceItem } from '../../ui/Choice.tsx';

export type FileRef = Extract<DataRef, { kind: 'file' }>;
type Setting = 'separator' | 'quote' | 'encoding' | 'max_rows';

/** The value of the choice "detect it". */
export const FOUND = 'found';

const separators: readonly (readonly [value: string, title: string])[] = [
  [',', 'comma'],
  ['\t', 'tab'],
  [';', 'semicolon'],
  ['|', 'bar |'],
  ['', 'none: one column'],
];
const quotes: readonly (readonly [value: string, title: string])[] = [
  ['"', 'double "'],
  ["'", "single '"],
  ['', 'none'],
];
const encodingTitles: Readonly<Record<Encoding, string>> = {
  'utf-8': 'UTF-8',
  'utf-16le': 'UTF-16 LE',
  'utf-16be': 'UTF-16 BE',
  'windows-1252': 'Windows-1252',
  latin1: 'Latin-1',
};
const sizes = [1_000, 10_000, 100_000];

/** How many rows are taken. */
export const rowItems: readonly ChoiceItem<string>[] = [
  { value: FOUND, label: `up to ${countText(defaultMaxRows)}` },
  ...sizes.map((size) => ({ value: `=${size}`, label: `a sample of ${countText(size)}` })),
];

interface Sampled {
  readonly max_rows?: number | undefined;
}

export const rowsValue = ({ max_rows }: Sampled): string => (max_rows === undefined ? FOUND : `=${max_rows}`);

export const withRows = <T extends Sampled>(data: T, choice: string): T => ({
  ...data,
  max_rows: choice === FOUND ? undefined : Number(choice.slice(1)),
});

const titled = (titles: readonly (readonly [string, string])[], value: string | undefined): string =>
  value === undefined ? 'automatic' : `${titles.find(([one]) => one === value)?.[1] ?? value} (found)`;

/** The choices of a setting. The first is "detect it" and shows what was detected. Values are prefixed with `=`, since a drop-down takes no empty value. */
export function readingItems(setting: Setting, data: FileRef, of: Reading | undefined): readonly ChoiceItem<string>[] {
  const found = (title: string) => ({ value: FOUND, label: title });
  const reading = data[setting] === undefined ? of : undefined;
  switch (setting) {
    case 'separator':
      return [found(titled(separators, reading?.separator)), ...separators.map(([value, label]) => ({ value: `=${value}`, label }))];
    case 'quote':
      return [found(titled(quotes, reading?.quote)), ...quotes.map(([value, label]) => ({ value: `=${value}`, label }))];
    case 'encoding': {
      const title = reading?.encoding === undefined ? 'automatic' : `${encodingTitles[reading.encoding]} (found)`;
      return [found(title), ...encodings.map((value) => ({ value: `=${value}`, label: encodingTitles[value] }))];
    }
    case 'max_rows':
      return rowItems;
  }
}

export const readingValue = (data: FileRef, setting: Setting): string => (data[setting] === undefined ? FOUND : `=${data[setting]}`);

/** The reference after a choice of `readingItems`. */
export function withReading(data: FileRef, setting: Setting, choice: string): FileRef {
  const { [setting]: _, ...rest } = data;
  if (choice === FOUND) return rest;
  const value = choice.slice(1);
  if (setting === 'encoding') return { ...rest, encoding: encodings.find((one) => one === value) };
  return setting === 'max_rows' ? { ...rest, max_rows: Number(value) } : { ...rest, [setting]: value };
}
