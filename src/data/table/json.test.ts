// JSON and JSON Lines as tables: as Python's json and pandas read them, or an error that names the row.

import { expect, test } from 'vitest';
import { bytesOf } from '../../formats/bytes.ts';
import { JsonStream } from './json_stream.ts';
import { JsonParser } from './json_value.ts';
import { openTable } from './open.ts';
import { readTable } from './sample.ts';

const read = async (name: string, text: string, settings = {}) =>
  readTable(await openTable(bytesOf(name, new TextEncoder().encode(text)), settings));

const two = {
  columns: ['text', 'label'],
  rows: [
    ['play', 'music'],
    ['pay', 'bank'],
  ],
};

test.each([
  ['a list', 'a.json', '[{"text": "play", "label": "music"},\n {"text": "pay", "label": "bank"}]', 'a list of objects', [1, 2]],
  [
    'a list under data',
    'a.json',
    '{"version": "1", "data": [{"text":"play","label":"music"},{"text":"pay","label":"bank"}]}',
    'the list under "data"',
    [1, 2],
  ],
  [
    'a list under another key',
    'a.json',
    '{"n":[1,2],"o":{"p":[{"x":1}]},"rows":[{"text":"play","label":"music"},{"text":"pay","label":"bank"}]}',
    'the list under "rows"',
    [1, 2],
  ],
  ['JSON Lines', 'a.jsonl', '{"text": "play", "label": "music"}\n{"text": "pay", "label": "bank"}\n', 'one object a line', [1, 2]],
  [
    'JSON Lines, a mark, CRLF, blank lines',
    'a.txt',
    '\ufeff{"text":"play","label":"music"}\r\n\r\n  \r\n{"text":"pay","label":"bank"}',
    'one object a line',
    [1, 4],
  ],
  [
    'pandas columns',
    'a.json',
    '{"text":{"0":"play","1":"pay"},"label":{"0":"music","1":"bank"}}',
    'one object, a member for each column',
    [1, 2],
  ],
  ['columns of lists', 'a.json', '{"text":["play","pay"],"label":["music","bank"]}', 'one object, a member for each column', [1, 2]],
])('%s', async (_, name, text, said, rowNumbers) => {
  const table = await read(name, text);
  expect(table).toMatchObject({ ...two, rowNumbers });
  expect(table.reading?.said).toContain(said);
  expect(table.notes).toBeUndefined();
});

test('a single object on a line is a row', async () => {
  expect(await read('a.jsonl', '{"text":"play","label":"music"}')).toMatchObject({ rows: [['play', 'music']] });
});

test('numbers keep how they are written, null and NaN are empty, other kinds are named', async () => {
  const table = await read(
    'a.jsonl',
    '{"id":12345678901234567890,"n":1.0,"on":true,"none":null,"v":[0.5,1],"t":["a"],"e":[],"mixed":1,"nan":NaN}\n' +
      '{"id":2,"n":1e3,"on":false,"none":null,"v":[],"t":["b","c"],"e":[1,"a"],"mixed":"x","nan":2}\n',
  );
  expect(table.rows[0]).toEqual(['12345678901234567890', '1.0', 'true', '', '[0.5,1]', '["a"]', '[]', '1', '']);
  expect(table.kinds?.map(({ kind, is }) => [kind, is])).toEqual([
    ['number', 'numbers'],
    ['number', 'numbers'],
    ['boolean', 'true or false'],
    ['empty', 'empty'],
    ['list', 'lists'],
    ['list', 'lists of texts'],
    ['list', 'lists'],
    ['text', 'numbers and text'],
    ['number', 'numbers'],
  ]);
});

test('objects within a row are columns of their own, and a null in their place is none', async () => {
  const table = await read('a.json', '[{"text":"a","meta":{"source":"x","deep":{"n":1}}},{"text":"b","meta":null}]');
  expect(table).toMatchObject({
    columns: ['text', 'meta.source', 'meta.deep.n'],
    rows: [
      ['a', 'x', '1'],
      ['b', '', ''],
    ],
  });
});

test('missing keys are empty cells, and said with their rows', async () => {
  const table = await read('a.json', '[{"text":"a"},{"label":"x","text":"b"},{"text":"c","label":null}]');
  expect(table.rows).toEqual([
    ['a', ''],
    ['b', 'x'],
    ['c', ''],
  ]);
  expect(table.notes).toEqual(['1 of the 3 rows of a.json has no "label" and is read as empty there (row 1).']);
});

test('lists that are not read are said', async () => {
  const table = await read('a.json', '{"train":[{"text":"a"}],"test":[{"text":"b"}]}');
  expect(table).toMatchObject({ rows: [['a']], notes: ['a.json has other lists, which are passed over: "test".'] });
});

test('strings are those of JSON.parse: escapes, surrogates, separators, brackets and line ends within', async () => {
  const odd = ['a"b\\c/\b\f\n\r\t', '\u00e9 \u{1f600} \u2028', '}],[{":,', '', '\\', '"', 'tab\there'];
  const text = JSON.stringify(odd.map((cell) => ({ text: cell })));
  expect((await read('a.json', text)).rows.map(([cell]) => cell)).toEqual(odd);
  const escaped = text.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  expect((await read('a.json', escaped)).rows.map(([cell]) => cell)).toEqual(odd);
  expect((await read('a.jsonl', odd.map((cell) => JSON.stringify({ text: cell })).join('\n'))).rows.map(([cell]) => cell)).toEqual(odd);
});

test.each([
  ['a row cut off', 'a.json', '[{"text":"a"},{"text":"b"', 'not-json', 'before its brackets are closed'],
  [
    'a row that is broken',
    'a.json',
    '[{"text":"a"},{"text" "b"}]',
    'not-json',
    'Row 2 of a.json is not sound JSON: ":" is expected where there is "\\"", at character 9 of the row.',
  ],
  ['a broken line', 'a.jsonl', '{"text":"a"}\n{"text":\n{"text":"c"}', 'not-json', 'Row 2 of a.jsonl'],
  ['a line that is a number', 'a.jsonl', '{"text":"a"}\n3\n', 'not-rows', 'Row 2 of a.jsonl is not an object'],
  ['a key given twice', 'a.jsonl', '{"text":"a"}\n{"text":"b","te\\u0078t":"c"}\n', 'not-json', 'the key "text" is given twice'],
  ['a bare control character', 'a.jsonl', '{"text":"a"}\n{"text":"b\tc"}\n', 'not-json', 'bare control character'],
  ['nesting without end', 'a.jsonl', `{"text":${'['.repeat(100_000)}\n`, 'not-json', 'nested more than'],
  ['nesting without end, in a list', 'a.json', `[{"text":${'['.repeat(100_000)}`, 'not-json', 'nested more than'],
  ['text behind the end', 'a.json', '[{"text":"a"}] x', 'not-json', 'something stands behind its end'],
  ['a comma too many', 'a.json', '[{"text":"a"},]', 'not-json', 'Row 2'],
  ['no rows', 'a.json', '[]', 'empty-table', 'no rows'],
  ['rows without keys', 'a.json', '[{},{}]', 'empty-table', 'no rows'],
  ['an object that is no table', 'a.json', '{"a":"b","c":{"d":[{"x":1}]}, "e" 3}', 'not-json', '":" is missing behind the key "e"'],
])('%s is an error with a place', async (_, name, text, code, message) => {
  await expect(read(name, text)).rejects.toMatchObject({ code, message: expect.stringContaining(message), remedy: expect.any(String) });
});

test('elements do not depend on where the text is cut', () => {
  const text =
    '{"a b":"[{", "x":[1,[2]], "rows" : [ {"text":"a,]}\\"","n":[{"k":{}}]} , {"text":"\\\\"} ] ,"more":[{"t":1}],"end":{"z":[]}}';
  const cut = (size: number) => {
    const stream = new JsonStream('a.json');
    const found = Array.from({ length: Math.ceil(text.length / size) }, (_, i) => stream.push(text.slice(i * size, (i + 1) * size))).flat();
    stream.end();
    return found.map((element) => ({ ...element, text: element.text.trim() }));
  };
  const whole = cut(text.length);
  expect(whole.map(({ key, number }) => [key, number])).toEqual([
    ['rows', 1],
    ['rows', 2],
    ['more', 1],
  ]);
  for (let size = 1; size < 20; size++) expect(cut(size)).toEqual(whole);
});

test('what JSON.parse takes the parser takes, and what it refuses is refused', () => {
  const accepts = (text: string, parse: (text: string) => void): boolean => {
    try {
      parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const pieces = ['{', '}', '[', ']', ',', ':', '"a"', '"b\\n"', '1', '-0.5e+3', '01', '.5', 'true', 'null', ' ', '\n', '"', '\\', 'x'];
  let [seed, taken] = [1, 0];
  const next = (n: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
  for (let i = 0; i < 30_000; i++) {
    const text = Array.from({ length: 1 + next(7) }, () => pieces[next(pieces.length)]).join('');
    const ours = accepts(text, (given) => {
      const parser = new JsonParser(given);
      parser.cell();
      parser.end();
    });
    expect([text, ours]).toEqual([text, accepts(text, (given) => JSON.parse(given))]);
    if (ours) taken++;
  }
  expect(taken).toBeGreaterThan(300);
});
