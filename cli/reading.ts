// The flags that say how a file of rows is read. Invariant: what no flag says is left out, and found out from the file.

import * as v from 'valibot';
import { type ReadingSettings, readingSettings } from '../src/protocol/reading.ts';
import type { DataPlace } from './data.ts';
import { type Given, usage } from './flags.ts';

const names: Readonly<Record<string, string>> = {
  ...{ tab: '\t', '\\t': '\t', comma: ',', semicolon: ';', pipe: '|', bar: '|', space: ' ', none: '', double: '"', single: "'" },
};

/** One character, written as it is or by name. Error: `usage`. */
function characterOf(given: Given, flag: 'separator' | 'quote'): string | undefined {
  const value = given[flag];
  if (typeof value !== 'string') return undefined;
  const character = names[value.toLowerCase()] ?? value;
  if (v.safeParse(readingSettings[flag], character).success) return character;
  throw usage(`--${flag} is '${value}'; it may be ${allowed[flag]}.`, 'Give one character, or its name.', `--${flag}`);
}

const allowed = { separator: 'tab, comma, semicolon, pipe, space, none or one character', quote: 'double, single, none or one character' };

/** What a run remembers of how its data are read. */
export function placedReading(place: DataPlace): ReadingSettings {
  if (place.kind === 'bundled') return {};
  if (place.kind === 'file') {
    const { kind: _, path: __, part: ___, ...reading } = place;
    return reading;
  }
  const { max_rows, broken_pictures } = place;
  return { ...(max_rows === undefined ? {} : { max_rows }), ...(broken_pictures === undefined ? {} : { broken_pictures }) };
}

/** What the flags say. Error: `usage`. */
export function givenReading(given: Given): ReadingSettings {
  const [separator, quote] = [characterOf(given, 'separator'), characterOf(given, 'quote')];
  if (separator !== undefined && separator !== '' && separator === quote)
    throw usage(`--separator and --quote are both '${quote}'.`, 'Give two different characters.', '--quote');
  if (given['header'] === true && given['no-header'] === true)
    throw usage('--header and --no-header say the opposite.', 'Give one of them, or none: the first row is looked at.', '--header');
  const encoding = v.safeParse(readingSettings.encoding, given['encoding']);
  const max_rows = v.safeParse(readingSettings.max_rows, given['max-rows']);
  if (!max_rows.success)
    throw usage(`--max-rows is ${given['max-rows']}; whole numbers from 1 to 10000000 are allowed.`, 'Correct this value.', '--max-rows');
  const broken_pictures = v.safeParse(readingSettings.broken_pictures, given['broken-pictures']);
  return {
    ...(broken_pictures.success && broken_pictures.output !== undefined ? { broken_pictures: broken_pictures.output } : {}),
    ...(given['no-header'] === true ? { header: false } : given['header'] === true ? { header: true } : {}),
    ...(separator === undefined ? {} : { separator }),
    ...(quote === undefined ? {} : { quote }),
    ...(encoding.success && encoding.output !== undefined ? { encoding: encoding.output } : {}),
    ...(max_rows.output === undefined ? {} : { max_rows: max_rows.output }),
  };
}
