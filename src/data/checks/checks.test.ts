import { describe, expect, test } from 'vitest';
import { parseTable } from '../table/testing.ts';
import { checkRows, checkSplit } from './checks.ts';
import { differenceOf, labelForm, lookAlikes } from './label_forms.ts';
import { checkedRows } from './rows.ts';

const things = ['river', 'garden', 'letter', 'window', 'market', 'guitar', 'bridge'];
const text = (i: number): string => `the ${things[i % 7]} stood there for the ${i}th day`;

/** Rows of a text and a label, in a file of that name. */
const rowsOf = (rows: readonly (readonly [string, string])[], name = 'a.tsv') =>
  checkedRows(parseTable(name, `text\tlabel\n${rows.map((cells) => cells.join('\t')).join('\n')}\n`), {
    textColumn: 'text',
    labelColumn: 'label',
  });
/** Texts of their own for these labels. */
const labelled = (labels: readonly string[]) => rowsOf(labels.map((label, i) => [text(i), label]));
const codes = (rows: ReturnType<typeof rowsOf>): string[] => checkRows(rows).map(({ code }) => code);
/** Each of the labels so many times. */
const times = (count: number, labels: readonly string[]): string[] => Array.from({ length: count }, () => labels).flat();

test('nothing is said of sound data', () => {
  expect(checkRows(labelled(times(10, ['good', 'bad', 'ok'])))).toEqual([]);
  expect(checkRows(labelled(times(10, ['0', '1'])))).toEqual([]);
  expect(
    checkRows(
      labelled(
        times(
          20,
          Array.from({ length: 30 }, (_, i) => String(i)),
        ),
      ),
    ),
  ).toEqual([]);
  expect(checkRows(labelled(times(10, ['1.0', '2.0', '5.0'])))).toEqual([]);
  expect(checkRows(labelled(times(10, ['-1', '1'])))).toEqual([]);
  expect(checkRows(labelled(times(10, ['none', 'hate', 'C++', 'C', 'A+', 'A'])))).toEqual([]);
});

describe('labels that look alike', () => {
  test.each([
    ['case', 'Yes', 'yes', 'YES'],
    ['case', 'STRASSE', 'Straße'],
    ['spaces', 'card arrival', 'card  arrival', 'card\u00a0arrival', 'card\u2009arrival'],
    ['spaces', 'yes', 'yes\u200b', '\u200eyes', 'y\u00ades'],
    ['Unicode form', 'caf\u00e9', 'cafe\u0301'],
    ['Unicode form', 'yes', '\uff59\uff45\uff53'],
    ['Unicode form', 'file', '\ufb01le'],
    ['Unicode form', 'yes', 'y\u0435s'],
    ['Unicode form', 'don\u2019t know', "don't know"],
    ['how a number is written', '1', '1.0', '01', '1,0', '+1', '1e0', '1.'],
    ['how a number is written', '-0.5', '-.5', '-0,50'],
    ['how a number is written', '1000', '1,000'],
    ['punctuation', 'yes', 'yes.', '"yes"', '(yes)', 'yes!'],
    ['punctuation', 'card_arrival', 'card arrival', 'card-arrival', 'cardarrival'],
    ['punctuation', 'N/A', 'NA'],
    ['punctuation', 'star_5', 'star 5', 'star5'],
    ['spaces and case', 'Very good', 'very  good', 'Very  Good'],
    ['how a number is written', '1', '\uff11.\uff10'],
  ])('differ in %s: %s', (difference, ...labels) => {
    expect(lookAlikes(['other', ...labels])).toEqual([labels]);
    expect(differenceOf(labels)).toBe(difference);
  });

  test.each([
    ['1', '-1', '10', '1.1', '1-2', '12', '1 2'],
    ['12345678901234567', '12345678901234568', '0.12', '12'],
    ['C', 'C++', 'C#', 'A', 'A+', 'A-', 'B-'],
    ['<5', '>5', '5', '=5'],
    ['level 1', 'level -1', 'level 11'],
    ['positive', 'negative', 'non-positive', 'the', 'they'],
    ['好', '坏', 'ñ', 'n', 'é', 'e'],
    ['5 €', '5 $', '5 %', '5'],
  ])('%s and others stay apart', (...labels) => {
    expect(lookAlikes(labels)).toEqual([]);
    expect(new Set(labels.map(labelForm)).size).toBe(labels.length);
  });

  test('are named with their rows, and what cannot be seen is written out', () => {
    const [warning, ...more] = checkRows(labelled([...times(6, ['Yes', 'No']), 'yes', 'yes', 'NO', 'NO']));
    expect(more).toEqual([]);
    expect(warning).toEqual({
      code: 'labels-look-alike',
      message:
        'Labels in column "label" of a.tsv that differ only in case are separate classes: "Yes" (6 rows) and "yes" (2 rows); "No" (6 rows) and "NO" (2 rows). The rarer ones: rows 14, 15, 16 and 17.',
      remedy: 'If they mean the same, write them in one way in the file: 4 classes then become 2.',
      rows: [{ file: 'a.tsv', count: 4, first: [14, 15, 16, 17] }],
    });
    const said = checkRows(labelled(times(4, ['yes', 'no', 'y\u200bes', 'n\u00e3o', 'na\u0303o']))).map(({ message }) => message);
    expect(said).toEqual([
      expect.stringContaining('only in spaces are separate classes: "yes" (4 rows) and "y\\u200bes" (4 rows)'),
      expect.stringContaining('only in Unicode form are separate classes: "n\\u00e3o" (4 rows) and "na\\u0303o" (4 rows)'),
    ]);
  });
});

const ones = (labels: readonly string[]): string[] => [...times(12, ['a', 'b']), ...labels];

test.each([
  [
    'decimals',
    times(
      2,
      Array.from({ length: 20 }, (_, i) => (i / 4).toFixed(3)),
    ),
    'labels-are-numbers',
    '15 of the 20 labels',
    [3, 4, 5],
  ],
  ['decimals with a comma', times(6, ['0,5', '1,5', '2,5']), 'labels-are-numbers', 'from 0.5 to 2.5', [2, 3, 4]],
  ['amounts', times(6, ['$3.50', '$4.25', '$9.99']), 'labels-are-numbers', '"$3.50"', [2, 3, 4]],
  ['ratings of five', times(6, ['3.5/5', '4/5', '4.5/5']), 'labels-are-numbers', 'from 3.5 to 4.5', [2, 4, 5]],
  ['stars', times(6, ['3.5 stars', '4 stars', '1 star']), 'labels-are-numbers', '"3.5 stars"', [2, 5, 8]],
  [
    'many whole numbers with gaps',
    times(
      3,
      Array.from({ length: 30 }, (_, i) => String(i * 3)),
    ),
    'labels-are-numbers',
    'from 0 to 87',
    [2, 3, 4],
  ],
  [
    'years',
    times(
      3,
      Array.from({ length: 25 }, (_, i) => String(1990 + i)),
    ),
    'labels-are-numbers',
    'from 1990 to 2014',
    [2, 3, 4],
  ],
  ['ids', Array.from({ length: 20 }, (_, i) => `id-${i}`), 'labels-as-many-as-rows', '20 different labels in the 20 rows', [2, 3, 4]],
  ['a class of one row', ones(['c']), 'classes-of-one-row', '"c" (row 26)', [26]],
  [
    'two classes of one row',
    ones(['c', 'd']),
    'classes-of-one-row',
    '2 classes of a.tsv have one row only: "c" and "d" (rows 26 and 27)',
    [26, 27],
  ],
  [
    'one class that is nearly all',
    [...times(120, ['a']), 'b', 'b'],
    'classes-unbalanced',
    '"a" has 120 of the 122 rows of a.tsv (98.4 %)',
    [122, 123],
  ],
  [
    'hidden labels',
    [...times(8, ['0', '1']), '-1', '-1'],
    'labels-hidden',
    '2 rows of a.tsv have the label "-1" (rows 18 and 19)',
    [18, 19],
  ],
  ['hidden labels as decimals', [...times(8, ['0', '1']), '-1.0', '\u22121.0'], 'labels-hidden', 'rows 18 and 19', [18, 19]],
  ['labels that PyTorch passes over', [...times(8, ['0', '1']), '-100', '-100'], 'labels-hidden', '"-100"', [18, 19]],
  ['missing labels', [...times(8, ['a', 'b']), 'nan', 'NaN', 'nan'], 'labels-missing', '"nan"', [18, 19, 20]],
  ['labels without consensus', [...times(8, ['a', 'b']), '-', '-'], 'labels-missing', '"-"', [18, 19]],
  [
    'spaces around labels',
    [...times(8, ['a', 'b']), ' a', 'b\u00a0'],
    'labels-trimmed',
    '2 labels in column "label" of a.tsv have spaces around',
    [18, 19],
  ],
] as const)('%s are said of the labels', (_, labels, code, message, first) => {
  const warnings = checkRows(labelled(labels));
  const warning = warnings.find((one) => one.code === code);
  expect(warnings.map((one) => one.code)).toContain(code);
  expect(warning?.message).toContain(message);
  expect(warning?.rows[0]?.first.slice(0, first.length)).toEqual(first);
  expect(warning?.remedy.length).toBeGreaterThan(20);
});

const sound = Array.from({ length: 12 }, (_, i) => [text(i), i % 2 ? 'pos' : 'neg'] as const);

test.each([
  [
    'repeated',
    [...sound, [text(3), 'pos'], [text(5), 'pos']],
    ['texts-repeated'],
    '2 rows of a.tsv repeat a text of a row before (rows 14 and 15)',
    [14, 15],
  ],
  [
    'repeated with other spaces and another Unicode form',
    [...sound, ['a  caf\u00e9 ', 'pos'], ['a cafe\u0301', 'pos']],
    ['texts-repeated'],
    '1 row',
    [15],
  ],
  [
    'of two labels',
    [...sound, [text(3), 'neg']],
    ['texts-repeated', 'labels-contradict'],
    `1 text of a.tsv has different labels in different rows (rows 5 and 14): "${text(3)}" is "pos" in row 5 and "neg" in row 14`,
    [5, 14],
  ],
  [
    'without words',
    [...sound, ['...', 'pos'], ['\u200b', 'neg']],
    ['texts-without-words'],
    '2 texts of a.tsv have no letter and no digit (rows 14 and 15)',
    [14, 15],
  ],
  [
    'missing',
    [...sound, ['nan', 'pos'], ['[deleted]', 'neg'], ['NULL', 'pos']],
    ['texts-missing'],
    '3 texts of a.tsv are what programs write',
    [14, 15, 16],
  ],
  [
    'numbers',
    sound.map(([, label], i) => [String(10 ** 6 + i * 37), label]),
    ['texts-are-ids'],
    '12 of the 12 texts in column "text"',
    [2, 3],
  ],
  ['hexadecimal ids', sound.map(([, label], i) => [`a3f9c2e${(i + 11).toString(16)}`, label]), ['texts-are-ids'], 'ids or links', [2, 3]],
  [
    'links',
    sound.map(([, label], i) => [`https://example.org/${things[i % 7]}/${'abcdefghijkl'[i]}`, label]),
    ['texts-are-ids'],
    'https',
    [2, 3],
  ],
  ['their labels', sound.map(([, label]) => [label, label]), ['labels-are-texts', 'texts-repeated'], '', [4]],
  [
    'with their labels in them',
    sound.map(([first, label]) => [`${first}, verdict: ${label}.`, label]),
    ['labels-in-texts'],
    'In 12 of the 12 rows of a.tsv the label stands in the text',
    [2, 3],
  ],
  [
    'with the words of their labels in them',
    sound.map(([first, label]) => [`${label} way: ${first}`, `${label}_way`]),
    ['labels-in-texts'],
    'stands in the text',
    [2, 3],
  ],
] as const)('texts that are %s are said', (_, rows, expected, message, first) => {
  const warnings = checkRows(rowsOf(rows as readonly (readonly [string, string])[]));
  expect(warnings.map(({ code }) => code)).toEqual(expected);
  expect(warnings.at(-1)?.message).toContain(message);
  expect(warnings.at(-1)?.rows[0]?.first.slice(0, first.length)).toEqual(first);
});

test('one fault is said once: where labels are numbers or ids their classes are not counted too', () => {
  const scores = Array.from({ length: 200 }, (_, i) => ((i * i) % 97) / 4);
  expect(codes(labelled(scores.map(String)))).toEqual(['labels-are-numbers']);
  expect(codes(labelled(scores.map((_, i) => `case ${i} of many`)))).toEqual(['labels-as-many-as-rows']);
});

test('a label that any text has is no leak, and emoji are words', () => {
  expect(codes(rowsOf(sound.map(([first, label], i) => [`${first} pos or neg ${'😀'.repeat(1 + (i % 3))}`, label])))).toEqual([]);
  expect(codes(rowsOf([...sound, ['😀', 'pos']]))).toEqual([]);
});

test('pairs are the same where both texts are', () => {
  const pairs = (rows: string[][]) =>
    checkedRows(parseTable('p.tsv', `a\tb\tlabel\n${rows.map((cells) => cells.join('\t')).join('\n')}\n`), {
      textColumn: 'a',
      textPairColumn: 'b',
      labelColumn: 'label',
    });
  const plain = sound.map(([first, label], i) => [text(0), `${first} ${i}`, label]);
  expect(checkRows(pairs(plain))).toEqual([]);
  const [warning] = checkRows(pairs([...plain, [text(0), `${text(4)} 4`, 'neg']]));
  expect(warning?.message).toContain('1 row of p.tsv repeats a pair of texts of a row before (row 14)');
});

test('texts and classes are compared between training and evaluation, by rows of both', () => {
  const whole = rowsOf([...sound, ['something rare', 'mixed'], ['something rarer', 'mixed']]);
  const other = rowsOf(
    [
      [text(3), 'pos'],
      ['new', 'neg'],
      [` ${text(4)}`, 'pos'],
    ],
    'test.tsv',
  );
  expect(checkSplit(whole, { given: other }).map(({ code, message, rows }) => [code, message, rows])).toEqual([
    [
      'texts-in-both',
      '2 of the 3 rows of test.tsv to evaluate with have a text that is trained on too (rows 2 and 4; in a.tsv rows 5 and 6). The scores will look better than they are.',
      [
        { file: 'test.tsv', count: 2, first: [2, 4] },
        { file: 'a.tsv', count: 2, first: [5, 6] },
      ],
    ],
    [
      'classes-not-evaluated',
      '1 of the 3 classes of a.tsv is not among the 3 rows of test.tsv to evaluate with: "mixed" (2 rows). How well it is learned will not be known.',
      [{ file: 'a.tsv', count: 2, first: [14, 15] }],
    ],
  ]);
  const repeated = rowsOf([...sound, [text(1), 'pos']]);
  const said = checkSplit(repeated, { held: new Set([11, 12]) });
  expect(said.map(({ code }) => code)).toEqual(['texts-in-both', 'classes-not-evaluated']);
  expect(said[0]?.message).toContain(
    '1 of the 2 rows that are held back from a.tsv to evaluate with has a text that is trained on too (row 14; in a.tsv row 3)',
  );
});

test('rows are all counted and the first are listed, in time that grows with the rows', () => {
  const rows = labelled(Array.from({ length: 40_000 }, (_, i) => (i % 4 === 3 ? 'Yes' : i % 2 ? 'no' : 'yes')));
  const [warning] = checkRows(rows);
  expect(warning?.rows[0]).toEqual({ file: 'a.tsv', count: 10_000, first: Array.from({ length: 20 }, (_, i) => 5 + 4 * i) });
  expect(warning?.message).toContain('rows 5, 9, 13, 17, 21 and 9,995 more');
});
