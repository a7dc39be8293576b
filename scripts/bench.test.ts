import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ROOT } from './setup.mjs';

const bench = (...words: string[]) => spawnSync(process.execPath, ['scripts/bench.mjs', ...words], { cwd: ROOT, encoding: 'utf8' });

test('a file that measurements share is no measurement, and is not offered as one', () => {
  const { status, stderr } = bench('turns');
  expect(status).toBe(2);
  expect(stderr).toContain("There is no measurement 'turns'.");
  expect(stderr).toMatch(/NAME is one of: .*, gemm, .*, step, .*\n$/);
  expect(stderr.split('NAME is one of:')[1]).not.toMatch(/turns|vocabulary|bundled/);
});

test('what a measurement would pass over is refused before it begins', () => {
  expect(bench('memory', 'lora')).toMatchObject({ status: 2, stderr: expect.stringContaining("'lora' means nothing to it") });
  expect(bench('step', '16by128')).toMatchObject({ status: 1, stderr: expect.stringContaining("'16by128' is no size of a step.") });
  const { status, stderr } = bench('learning', 'meft1', 'meft9');
  expect(status).toBe(1);
  expect(stderr).toContain("There is no method 'meft9'.\nUse one of meft1,");
});
