// Files that were made to harm, as the command line meets them: an answer within seconds, never `internal`.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeSafetensors } from '../src/formats/safetensors.ts';
import { linesOf, retrace, scratchFolder, tinyModel } from './testing.ts';

test('a table of 100,000 classes is inspected in one pass over its rows', async () => {
  const path = join(scratchFolder(), 'many.tsv');
  writeFileSync(path, `text\tlabel\n${Array.from({ length: 150_000 }, (_, i) => `some words\tc${i % 100_000}`).join('\n')}\n`);
  const begun = performance.now();
  const { code, stdout } = await retrace(['inspect', path]);
  expect(code).toBe(0);
  expect(stdout).toContain('100000 classes');
  expect(performance.now() - begun).toBeLessThan(15_000);
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
