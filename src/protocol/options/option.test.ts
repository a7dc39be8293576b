import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { parseRunConfig } from '../config.ts';
import { flagNameOf, kindOf, type Option, option, optionLeftOut } from './option.ts';
import { whole } from './schemas.ts';
import { optionTable } from './table.ts';

const records: readonly [string, Option][] = Object.values(optionTable).flatMap((group) => Object.entries<Option>(group));

describe('every record of the table', () => {
  test.each(records)('%s says what it is and does, and its default is a value that it may have', (name, record) => {
    for (const text of [record.label, record.help, record.reason]) expect(text.length, name).toBeGreaterThan(0);
    expect(record.help, name).toMatch(/^\p{Lu}.*\.$/su);
    expect(record.reason, name).toMatch(/\.$/);
    expect('default' in record, `${name} has a default or says what happens without one`).toBe(record.leftOut === undefined);
    if ('default' in record) expect(v.is(record.schema, record.default), name).toBe(true);
  });

  test.each(records)('%s has a control and a flag of a kind that is known, and a word for every value', (name, record) => {
    const kind = kindOf(record);
    if (kind.kind === 'other') expect(record.form, name).toBeDefined();
    if (kind.kind === 'words' && record.words) expect(Object.keys(record.words).sort(), name).toEqual([...kind.words].sort());
  });

  test('stands in the table once, under a name and a flag of its own', () => {
    const names = records.map(([name]) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(records.map(([name, record]) => flagNameOf(name, record))).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(50);
  });
});

describe('kindOf', () => {
  const record = (schema: Option['schema']) => option({ schema, default: 1, label: '', help: '', reason: '' });

  test('finds the bounds that the schema checks, those of schemas that it is made of included', () => {
    expect(kindOf(record(whole(2, 9)))).toEqual({ kind: 'number', whole: true, min: 2, max: 9 });
    const share = v.pipe(v.pipe(v.number(), v.gtValue(0)), v.ltValue(1), v.multipleOf(0.25));
    expect(kindOf(record(share))).toEqual({ kind: 'number', above: 0, below: 1, multipleOf: 0.25 });
  });

  test('tells words, lists of names, switches and what is written in a form of its own', () => {
    expect(kindOf(record(v.picklist(['a', 'b'])))).toEqual({ kind: 'words', words: ['a', 'b'] });
    expect(kindOf(record(v.array(v.string())))).toEqual({ kind: 'list' });
    expect(kindOf(record(v.boolean()))).toEqual({ kind: 'switch' });
    expect(kindOf(record(v.array(v.object({}))))).toEqual({ kind: 'other' });
  });
});

test('a flag is the name with dashes, or the one that the record gives; what is on by default has a flag that turns it off', () => {
  const texts = { label: '', help: '', reason: '' };
  expect(flagNameOf('a_name', optionLeftOut({ schema: v.number(), leftOut: 'none', ...texts }))).toBe('a-name');
  expect(flagNameOf('header', option({ schema: v.boolean(), default: true, ...texts }))).toBe('no-header');
  expect(flagNameOf('policy', option({ schema: v.string(), default: '', flag: 'memory-policy', ...texts }))).toBe('memory-policy');
});

test('a run configuration that leaves options out has their defaults; one that gives a wrong value is told its name and what it may be', () => {
  const run = {
    model: { kind: 'bundled', name: 'a' },
    data: { kind: 'bundled', name: 'b', part: 'train' },
    ...{ task: 'classification', method: 'meft1', policy: 'store', options: {} },
  };
  expect(parseRunConfig({ ...run, training: { batch_size: 3 } })).toMatchObject({
    checkpoint_every: 1,
    options: {},
    training: { batch_size: 3, max_length: 64, optim: 'adamw' },
  });
  expect(() => parseRunConfig({ ...run, training: { batch_size: 0 } })).toThrow('Expected >=1 but received 0');
  expect(() => parseRunConfig({ ...run, token_chunk: 0.5, training: {} })).toThrow(expect.objectContaining({ where: 'token_chunk' }));
});
