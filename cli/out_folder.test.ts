import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { retrace, scratchFolder, tinyModel, topicsFile } from './testing.ts';

const folder = scratchFolder();
const model = tinyModel(folder);
const data = topicsFile(folder);
const shape = ['--model', model, '--batch-size', '4', '--max-length', '16', '--max-steps', '2', '--eval-steps', '0'];
const place = (name: string): string => join(folder, name);
const train = (out: string, ...args: string[]) => retrace(['train', '--out', out, ...args]);
const fault = 'This is a fault in Retrace';

describe('a folder that can take no adapter is refused before anything is computed', () => {
  test('because it is a file, or lies under one', async () => {
    writeFileSync(place('file'), '');
    for (const [out, why] of [
      [place('file'), `'${place('file')}' is a file, not a folder`],
      [join(place('file'), 'deeper', 'still'), `'${place('file')}' is a file, not a folder`],
    ] as const) {
      const { code, stderr } = await train(out, '--data', data, ...shape);
      expect(code, stderr).toBe(1);
      expect(stderr).toContain(`'${out}' can't be written: ${why}`);
      expect(stderr).not.toContain(fault);
    }
  });

  test('and so is the place of a picture', async () => {
    const { code, stdout, stderr } = await retrace(['compare', '--methods', 'lora', '--picture', join(folder, 'none', 'x.svg')]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`there is no folder '${place('none')}'`);
    expect(stderr).not.toContain(fault);
  });
});

test('an adapter of another layout leaves no file of the one before it', async () => {
  const out = place('layouts');
  for (const args of [
    ['--method', 'lora'],
    ['--method', 'bitfit', '--overwrite'],
    ['--method', 'lora', '--overwrite'],
  ]) {
    const { code, stderr } = await train(out, '--data', data, ...shape, ...args);
    expect(code, stderr).toBe(0);
    const own = args.includes('lora') ? 'adapter_model.safetensors' : 'adapter.safetensors';
    expect(readdirSync(out).filter((name) => name.endsWith('.safetensors'))).toEqual([own]);
  }
});

describe('a paused run', () => {
  const paused = place('paused');
  /** The run in a folder of its own, changed. */
  function copyOf(name: string, change: (folder: string) => void): string {
    cpSync(paused, place(name), { recursive: true });
    change(place(name));
    return place(name);
  }
  const withRecord = (name: string, change: (record: { settings: Record<string, unknown> }) => void): string =>
    copyOf(name, (out) => {
      const path = join(out, 'checkpoint', 'run.json');
      const record = JSON.parse(readFileSync(path, 'utf8')) as { settings: Record<string, unknown> };
      change(record);
      writeFileSync(path, JSON.stringify(record));
    });

  beforeAll(async () => {
    const { code, stderr } = await train(paused, '--data', data, ...shape, '--pause-after', '1');
    expect(code, stderr).toBe(0);
  });

  test('is kept when what was to take its place is refused', async () => {
    const out = copyOf('kept', () => undefined);
    writeFileSync(place('one.tsv'), 'text\tlabel\nplay\tx\npay\tx\n');
    for (const wrong of [
      ['--data', data, '--lambda', '0'],
      ['--data', place('one.tsv')],
    ]) {
      const { code, stderr } = await train(out, ...shape, '--overwrite', ...wrong);
      expect(code, stderr).not.toBe(0);
      expect(existsSync(join(out, 'checkpoint', 'run.json'))).toBe(true);
    }
  });

  test('is not both resumed and overwritten', async () => {
    const { code, stderr } = await train(paused, '--resume', '--overwrite');
    expect(code, stderr).toBe(2);
    expect(stderr).toContain('--resume goes on with the run that --overwrite would remove');
  });

  test('is not resumed with evaluation data or a reading of the file that it did not have', async () => {
    const given = await train(paused, '--resume', '--eval-data', data);
    expect(given, given.stderr).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('have changed since its checkpoint: --eval-data'),
    });
    const headless = await train(paused, '--resume', '--no-header');
    expect(headless, headless.stderr).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--no-header (false in the run, true given)'),
    });
  });

  test('says what of it was moved, and goes on with the flag that says where to', async () => {
    const own = place('moved-data');
    mkdirSync(own);
    const out = withRecord('moved', ({ settings }) => {
      settings['data'] = { kind: 'file', path: join(own, 'topics.tsv'), header: true };
    });
    const { code, stderr } = await train(out, '--resume');
    expect(code, stderr).toBe(1);
    expect(stderr).toContain(`The run was made from '${join(own, 'topics.tsv')}', which is no longer there.`);
    expect(stderr).toContain('say by --data where it is now');
    const found = await train(out, '--resume', '--data', data);
    expect(found.code, found.stderr).toBe(0);
    const modelless = withRecord('moved-model', ({ settings }) => {
      settings['model'] = place('nowhere');
    });
    expect((await train(modelless, '--resume')).stderr).toContain('say by --model where it is now');
  });

  test('whose record or tensors are damaged says so, and does not ask to be resumed', async () => {
    const state = (out: string) => join(out, 'checkpoint', 'state-1.safetensors');
    const cases: readonly (readonly [string, string])[] = [
      [copyOf('cut', (out) => truncateSync(state(out), 100)), 'The checkpoint of step 1 is damaged: state-1.safetensors has 100 bytes'],
      [copyOf('gone', (out) => rmSync(state(out))), 'The checkpoint of step 1 lacks state-1.safetensors'],
      [copyOf('renamed', (out) => renameSync(state(out), `${state(out)}.old`)), 'The checkpoint of step 1 lacks state-1.safetensors'],
      [
        withRecord('method', ({ settings }) => Object.assign(settings, { method: 'meft9' })),
        'run.json is not the record of a run: settings.method',
      ],
      [
        withRecord('training', ({ settings }) => Reflect.deleteProperty(settings, 'training')),
        'not the record of a run: settings.training',
      ],
    ];
    for (const [out, message] of cases) {
      for (const command of [
        ['train', '--resume', '--out', out],
        ['inspect', out],
      ]) {
        const { code, stderr } = await retrace(command);
        expect(code, stderr).toBe(1);
        expect(stderr).toContain(message);
        expect(stderr).not.toContain(fault);
        expect(stderr).not.toContain('Go on from it');
      }
    }
  });
});
