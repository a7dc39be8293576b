// What is bundled for a machine without packages runs there: in a folder of its own, with nothing but the package `webgpu` beside it.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countSteps } from '../bench/dispatches.ts';
import { ROOT } from './setup.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'retrace-bundle-'));
const out = join(scratch, 'app');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const node = (cwd: string, ...args: string[]) => spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });

beforeAll(() => {
  const { status, stderr } = node(ROOT, 'scripts/bundle_bench.mjs', out);
  expect(status, stderr).toBe(0);
  expect(existsSync(join(out, 'node_modules'))).toBe(false);
  mkdirSync(join(out, 'node_modules'));
  symlinkSync(join(ROOT, 'node_modules', 'webgpu'), join(out, 'node_modules', 'webgpu'), 'junction');
});

test('the command line says its version and its help', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(node(out, 'cli/main.mjs', '--version')).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  expect(node(out, 'cli/main.mjs', 'profile', '--help').stdout).toContain('--trace FILE.json');
});

test('a measurement counts what it counts from its sources', () => {
  const { status, stdout, stderr } = node(out, 'bench.mjs', 'dispatches', '--json', 'MiniLM');
  expect(status, stderr).toBe(0);
  expect(JSON.parse(stdout)).toEqual(countSteps('MiniLM'));
});

test('shaders are part of the bundle: a step is taken and a device measured without the sources', () => {
  const report = join(scratch, 'report');
  const { status, stderr } = node(scratch, join(out, 'bench.mjs'), 'gpu', '--tiny', '--out', report);
  expect(status, stderr).toBe(0);
  expect(readdirSync(report).sort()).toEqual(['bench.json', 'bench.md']);
  expect(JSON.parse(readFileSync(join(report, 'bench.json'), 'utf8')).steps.length).toBeGreaterThan(0);
}, 600_000);

test('a folder that holds something else is left alone', () => {
  const other = join(scratch, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'notes.txt'), 'mine');
  const { status, stderr } = node(ROOT, 'scripts/bundle_bench.mjs', other);
  expect([status, stderr]).toEqual([1, expect.stringContaining('holds something that is no bundle of Retrace')]);
  expect(readFileSync(join(other, 'notes.txt'), 'utf8')).toBe('mine');
  expect(node(ROOT, 'scripts/bundle_bench.mjs')).toMatchObject({ status: 2, stderr: 'Usage: node scripts/bundle_bench.mjs OUT\n' });
});
