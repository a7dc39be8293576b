import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { cacheFolder, isOffline, tokenIn } from './environment.ts';

const scratch = mkdtempSync(join(tmpdir(), 'retrace-environment-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const home = { HOME: '/home/ada', USERPROFILE: '/home/ada' };

test.each<[what: string, env: Record<string, string>, folder: string]>([
  ['nothing is set', {}, '/home/ada/.cache/huggingface/hub'],
  ['XDG_CACHE_HOME', { XDG_CACHE_HOME: '/var/caches' }, '/var/caches/huggingface/hub'],
  ['HF_HOME before XDG_CACHE_HOME', { HF_HOME: '/big/hf', XDG_CACHE_HOME: '/var/caches' }, '/big/hf/hub'],
  ['the older name before HF_HOME', { HUGGINGFACE_HUB_CACHE: '/old', HF_HOME: '/big/hf' }, '/old'],
  ['HF_HUB_CACHE before all', { HF_HUB_CACHE: '/new', HUGGINGFACE_HUB_CACHE: '/old', HF_HOME: '/big/hf' }, '/new'],
  ['a tilde and a variable', { HF_HOME: '~/$DISK', DISK: 'fast' }, '/home/ada/fast/hub'],
  ['a variable in braces, and one that is not set', { HF_HUB_CACHE: `/d/$${'{DISK}'}_x/$NONE`, DISK: 'fast' }, '/d/fast_x/$NONE'],
  ['empty values', { HF_HUB_CACHE: '', HF_HOME: '' }, '/home/ada/.cache/huggingface/hub'],
])('the cache lies where Python has it: %s', (_, env, folder) => {
  expect(cacheFolder({ ...home, ...env })).toBe(folder);
});

test('the token comes from the environment, else from its file, and not at all where that is switched off', () => {
  mkdirSync(join(scratch, 'hf'));
  writeFileSync(join(scratch, 'hf', 'token'), ' hf_file\n');
  writeFileSync(join(scratch, 'other'), 'hf_other\r\n');
  const env = { HF_HOME: join(scratch, 'hf') };
  expect(tokenIn(env)).toBe('hf_file');
  expect(tokenIn({ ...env, HF_TOKEN: ' hf_set ' })).toBe('hf_set');
  expect(tokenIn({ ...env, HF_TOKEN: '' })).toBe('hf_file');
  expect(tokenIn({ ...env, HF_TOKEN_PATH: join(scratch, 'other') })).toBe('hf_other');
  expect(tokenIn({ ...env, HF_TOKEN_PATH: join(scratch, 'none') })).toBeUndefined();
  expect(tokenIn({ ...env, HF_TOKEN: 'hf_set', HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' })).toBeUndefined();
  expect(() => tokenIn({ ...env, HF_TOKEN_PATH: scratch })).toThrow(expect.objectContaining({ code: 'token-unreadable' }));
});

test.each([
  [{}, false],
  [{ HF_HUB_OFFLINE: '1' }, true],
  [{ HF_HUB_OFFLINE: 'yes' }, true],
  [{ HF_HUB_OFFLINE: '0' }, false],
  [{ TRANSFORMERS_OFFLINE: 'true' }, true],
  [{ HF_HUB_OFFLINE: '0', TRANSFORMERS_OFFLINE: '1' }, false],
])('offline by %o: %s', (env, offline) => {
  expect(isOffline(env)).toBe(offline);
});
