// Files that were made to harm, as the command line meets them: an answer within seconds, never `internal`.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeSafetensors } from '../src/formats/safetensors.ts';
import { linesOf, retrace, scratchFolder, tinyModel, topicsFile } from './testing.ts';

test('a table of 100,000 classes is inspected in one pass over its rows, as one of two classes is', async () => {
  const timed = async (classes: number): Promise<number> => {
    const path = join(scratchFolder(), 'many.tsv');
    writeFileSync(path, `text\tlabel\n${Array.from({ length: 120_000 }, (_, i) => `some words\tc${i % classes}`).join('\n')}\n`);
    const begun = performance.now();
    const { code, stdout } = await retrace(['inspect', path]);
    expect(code).toBe(0);
    expect(stdout).toContain(`${classes} classes`);
    return performance.now() - begun;
  };
  const [few, many] = [await timed(2), await timed(100_000)];
  // Rows by classes took a hundred times as long.
  expect(many / few).toBeLessThan(12);
});

test('an adapter folder that holds other files, one named __proto__, is what its own files say', async () => {
  const folder = join(scratchFolder(), 'adapter');
  mkdirSync(folder);
  writeFileSync(join(folder, 'adapter.safetensors'), writeSafetensors([], { format: 'pt' }));
  writeFileSync(join(folder, '__proto__'), 'x');
  writeFileSync(join(folder, 'state.bin'), 'x');
  const outcome = await retrace(['inspect', folder, '--json']);
  expect(linesOf(outcome)[0]).toMatchObject({ type: 'adapter', files: ['adapter.safetensors'] });
});

test.each([
  ['vocab_size', 2 ** 53],
  ['vocab_size', 1e300],
  ['num_hidden_layers', 1e9],
  ['hidden_size', 2 ** 31],
  ['hidden_dropout_prob', 5],
  ['layer_norm_eps', 1e300],
  ['type_vocab_size', 0],
])('plan refuses a configuration with %s of %d by name', async (field, value) => {
  const model = tinyModel(scratchFolder(), { [field]: value });
  const outcome = await retrace(['plan', '--model', model, '--json']);
  expect(outcome.code).toBe(1);
  expect(linesOf(outcome)[0]).toMatchObject({ type: 'error', code: 'config', where: expect.stringContaining(field) });
});

const trainOn = (folder: string, model: string, data: string, ...more: readonly string[]) => [
  ...[
    'train',
    '--model',
    model,
    '--data',
    data,
    '--out',
    join(folder, 'out'),
    '--pooling',
    'mean',
    '--method',
    'lora',
    '--json',
    '--max-steps',
    '2',
  ],
  ...more,
];

test('a length past the positions is refused before anything is read, though every text is short; the default heeds them, and says so', async () => {
  const folder = scratchFolder();
  const [model, data] = [tinyModel(folder), topicsFile(folder)];
  const refused = await retrace(trainOn(folder, model, data, '--max-length', '100'));
  expect(refused.code).toBe(2);
  expect(linesOf(refused).slice(-1)).toEqual([
    expect.objectContaining({ type: 'error', code: 'length-above-model', message: expect.stringContaining('100 tokens') }),
  ]);
  const planned = await retrace(['plan', '--model', model, '--pooling', 'mean', '--method', 'prompt-tuning', '--json']);
  expect(planned.code).toBe(0);
  expect(planned.stderr).toContain('length: at most 28 tokens a text');
  expect(linesOf(planned)[0]).toMatchObject({ length: 28 });
});

test('a token that was added without a row is refused where it occurs, before planning, and does no harm where it does not', async () => {
  const folder = scratchFolder();
  const model = tinyModel(folder, {}, ['zorblax', 'quux']);
  const data = topicsFile(folder);
  const rows = join(folder, 'added.tsv');
  writeFileSync(
    rows,
    `text\ttopic\n${Array.from({ length: 40 }, (_, i) => `${i === 30 ? 'play zorblax now' : 'play the song'}\t${i % 2 ? 'a' : 'b'}`).join('\n')}\n`,
  );
  const refused = await retrace(trainOn(folder, model, rows));
  expect(refused.code).toBe(1);
  const lines = linesOf(refused);
  expect(lines.at(-1)).toMatchObject({
    code: 'token-past-table',
    message: expect.stringMatching(/"zorblax" has the id 99, .* has 99 rows/),
    where: 'text "play zorblax now"',
    remedy: expect.stringContaining('resize_token_embeddings'),
  });
  expect(lines.map(({ type }) => type)).not.toContain('plan');
  expect((await retrace(trainOn(folder, model, data, '--overwrite'))).code).toBe(0);
  const asked = await retrace(['predict', '--adapter', join(folder, 'out'), '--model', model, '--text', 'quux', '--json']);
  expect(linesOf(asked).at(-1)).toMatchObject({ code: 'token-past-table', where: 'text "quux"' });
});
