// The rows of many small files against Python's csv module, cell by cell, with the dialect found out by Retrace; src/data/vectors/tables.py.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bytesOf } from '../../formats/bytes.ts';
import type { ReadingSettings } from '../../protocol/reading.ts';
import { openTable } from './open.ts';
import { RecordReader } from './records.ts';
import { readTable } from './sample.ts';
import { parseTable } from './testing.ts';

interface Case {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly separator: string;
  readonly quote: string;
  readonly told: ReadingSettings;
  readonly rows: readonly (readonly string[])[];
}

const cases = JSON.parse(readFileSync(new URL('../vectors/tables.json', import.meta.url), 'utf8')) as readonly Case[];

test('there are cases', () => expect(cases.length).toBeGreaterThan(80));

test.each(cases)('$name: as csv reads it, in the dialect that it was written in', async ({ file, text, separator, quote, told, rows }) => {
  const table = parseTable(file, text, { ...told, header: false });
  expect({ separator: table.reading?.separator, rows: table.rows }).toEqual({ separator, rows });
  // Where no cell begins with a quote both readings are the same.
  if (text.includes('"') || text.includes("'")) expect(table.reading?.quote).toBe(quote);
  const streamed = await readTable(await openTable(bytesOf(file, new TextEncoder().encode(text)), { ...told, header: false }));
  expect(streamed).toEqual(table);
});

test('records do not depend on where the text is cut into pieces', () => {
  for (const { text, separator, quote } of cases) {
    const read = (pieces: readonly string[]) => {
      const reader = new RecordReader({ separator, quote });
      const records = [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()];
      return { records, lineEnds: reader.lineEnds };
    };
    const whole = read([text]);
    expect(read([...text].flatMap((letter) => [...letter.split(''), '']))).toEqual(whole);
    for (const size of [2, 3, 7]) {
      expect(read(Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size)))).toEqual(whole);
    }
  }
});
