// The command line and the protocol's table of options: every option has its flag, and no flag of a run stands beside the table unsaid.

import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { flagNameOf, kindOf, type Option } from '../src/protocol/options/option.ts';
import { optionTable } from '../src/protocol/options/table.ts';
import { methodCards } from '../src/session/models/method_cards.ts';
import { commandFlags, flagHelp, readFlags } from './flags.ts';
import { flagOf } from './option_flags.ts';
import { configOf, settingsOf } from './settings.ts';

const records: readonly [string, string, Option][] = Object.entries(optionTable).flatMap(([group, options]) =>
  Object.entries<Option>(options).map(([name, option]) => [group, name, option] as const),
);

/** What a run is made of beside its options: places, columns and what the command itself does. */
const notOptions = {
  plan: ['num-labels'],
  train: ['adapter', 'out', 'resume', 'overwrite', 'pause-after', 'adapter-hub', 'older-names', 'self-test-texts', 'push', 'private'],
  both: [
    ...[
      'model',
      'revision',
      'hub-endpoint',
      'data',
      'eval-data',
      'text-column',
      'image-column',
      'text-pair-column',
      'label-column',
      'choice-columns',
      'target-column',
      'task',
      'method',
      'kernels',
      'json',
      'help',
    ],
    // The other value of `header`.
    'no-header',
  ],
};

test.each(['plan', 'train'] as const)('%s takes every option of the table, and nothing else but what is named here', (command) => {
  const expected = [...records.map(([, name, option]) => flagNameOf(name, option)), ...notOptions.both, ...notOptions[command]];
  expect(Object.keys(commandFlags[command]).sort()).toEqual(expected.sort());
});

const file = fileURLToPath(new URL('../public/data/clinc150/test.tsv', import.meta.url));

/** A value that is not the default, as it is typed and as it is meant. */
function another(name: string, option: Option): [string[], unknown] {
  const kind = kindOf(option);
  if (name === 'ranges')
    return [
      ['0-2:store,2-6:checkpoint/2'],
      [
        { from: 0, to: 2, policy: 'store' },
        { from: 2, to: 6, policy: 'checkpoint', every: 2 },
      ],
    ];
  if (kind.kind === 'switch') return [[], option.default !== true];
  if (kind.kind === 'text') return [['|'], '|'];
  if (kind.kind === 'list') {
    const names = [['a', 'b'], ['a=8'], ['balanced']].find((list) => v.is(option.schema, list)) ?? [];
    return [[names.join()], names];
  }
  if (kind.kind === 'words') {
    const word = kind.words.find((one) => one !== option.default) as string;
    return [[word], word];
  }
  const values = kind.kind === 'number' ? [12, 0.25] : [];
  const value = values.find((one) => one !== option.default && (kind.kind !== 'number' || one < (kind.below ?? kind.max ?? 20)));
  return [[String(value)], value];
}

test.each(records)('%s option %s goes from its flag into the run configuration', async (group, name, option) => {
  const [typed, meant] = another(name, option);
  const { given } = readFlags('train', ['--data', file, flagOf(name), ...typed]);
  const config = await configOf(await settingsOf(given, methodCards(), async () => ({ inputs: 'text', positions: 512 })));
  const parts: Readonly<Record<string, unknown>> = { method: config.options, training: config.training, reading: config.data };
  const part = parts[group] ?? config;
  expect(part).toMatchObject({ [name]: meant });
});

test('--token-chunk changes a plan, as the field of the page does', async () => {
  const { given } = readFlags('plan', ['--token-chunk', '16', '--chunks', '2']);
  expect(await configOf(await settingsOf(given, methodCards(), async () => ({ inputs: 'text', positions: 512 })))).toMatchObject({
    token_chunk: 16,
    chunks: 2,
  });
});

test('help names every flag with what the table says of it, in lines that a terminal holds', () => {
  const help = flagHelp('train');
  const flat = help.replaceAll(/\s+/g, ' ');
  for (const [, name, option] of records) {
    expect(help).toContain(`  ${flagOf(name)}`);
    expect(flat).toContain(option.help);
  }
  const long = help.split('\n').filter((line) => line.length > 120 && !/^ {2}--[a-z-]+ \S+$/.test(line));
  expect(long).toEqual([]);
});

test('a wrong item of a list is said of its flag', async () => {
  for (const [flag, value] of [
    ['rank-pattern', 'query=0'],
    ['ranges', '0-9999999:store'],
  ] as const) {
    const { given } = readFlags('train', [`--${flag}`, value]);
    await expect(settingsOf(given, methodCards(), async () => ({ inputs: 'text', positions: 512 })).then(configOf)).rejects.toMatchObject({
      code: 'usage',
      where: `--${flag}`,
    });
  }
});
