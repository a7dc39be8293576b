import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { linesOf, retrace, retraceProcess, scratchFolder, tinyModel, tinyVectors, topicsFile } from './testing.ts';

const folder = scratchFolder();

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('plan', () => {
  const configOnly = join(folder, 'config-only');
  mkdirSync(configOnly);
  copyFileSync(join(tinyVectors, 'config.json'), join(configOnly, 'config.json'));

  test('needs nothing but a config.json and prints one object', async () => {
    const outcome = await retrace(['plan', '--model', configOnly, '--batch-size', '2', '--max-length', '24', '--json']);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    const [plan, ...more] = linesOf(outcome) as [
      { bytes: Record<string, number>; peak: { bytes: number }; timeline: [string, Record<string, number>][] },
    ];
    expect(more).toEqual([]);
    expect(plan).toMatchObject({ model: 'config-only', method: 'meft1', policy: 'reversible', streams: 'fixed', batch: 2, length: 24 });
    const { total, ...bytes } = plan.bytes;
    const names = ['weights', 'adapter', 'gradient', 'optimizer', 'activation', 'workspace', 'staging'];
    expect(Object.keys(bytes)).toEqual(names);
    expect(names.reduce((sum, name) => sum + (bytes[name] as number), 0)).toBe(total);
    expect(plan.timeline.length).toBeGreaterThan(6);
    for (const [, moment] of plan.timeline) expect(Object.keys(moment).sort()).toEqual(names.toSorted());
    const highest = Math.max(...plan.timeline.map(([, moment]) => Object.values(moment).reduce((sum, value) => sum + value, 0)));
    expect(highest).toBeLessThanOrEqual(plan.peak.bytes);
  });

  test('counts the classes of data that are given', async () => {
    const outcome = await retrace([
      'plan',
      '--model',
      tinyModel(folder),
      '--data',
      topicsFile(folder),
      '--max-length',
      '16',
      '--method',
      'linear-probe',
      '--json',
    ]);
    expect(linesOf(outcome)[0]).toMatchObject({ trainable_parameters: 32 * 2 + 2, streams: 'single' });
  });

  test('takes the label column that is named, however many classes it has', async () => {
    const outcome = await retrace([
      'plan',
      '--data',
      'bundled:clinc150/test',
      '--label-column',
      'intent',
      '--max-length',
      '8',
      '--method',
      'linear-probe',
      '--json',
    ]);
    expect(linesOf(outcome)[0]).toMatchObject({ trainable_parameters: 384 * 150 + 150 });
  });

  test('takes layers under policies of their own, every hyper-parameter by name, and parts of a batch', async () => {
    const plan = async (...args: string[]) => {
      const [line] = linesOf(await retrace(['plan', '--model', configOnly, '--batch-size', '4', '--max-length', '24', '--json', ...args]));
      return (
        (line as { bytes: Record<string, number>; trainable_parameters: number } | undefined) ?? { bytes: {}, trainable_parameters: 0 }
      );
    };
    const [store, mixed, reversible] = [
      await plan('--ranges', '0-3:store'),
      await plan('--ranges', '0-2:reversible,2-3:store'),
      await plan('--memory-policy', 'reversible'),
    ].map(({ bytes }) => bytes['activation'] as number);
    expect([store, mixed, reversible].toSorted((a = 0, b = 0) => b - a)).toEqual([store, mixed, reversible]);
    expect(new Set([store, mixed, reversible]).size).toBe(3);
    const chunked = await plan('--memory-policy', 'reversible', '--chunks', '4');
    expect(chunked.bytes['workspace']).toBeLessThan((await plan('--memory-policy', 'reversible', '--chunks', '1')).bytes['workspace'] ?? 0);
    const lora = async (...args: string[]) => (await plan('--method', 'lora', ...args)).trainable_parameters;
    // Three layers: the biases of query and value, 32 each.
    expect((await lora('--bias', 'lora_only')) - (await lora())).toBe(3 * 2 * 32);
    expect(await lora('--frozen-layers', '2')).toBeLessThan(await lora());
  });

  test('says what every granularity takes, and is the one of a processor where none is asked for', async () => {
    const plan = async (...args: string[]) => {
      const [line] = linesOf(await retrace(['plan', '--model', configOnly, '--batch-size', '64', '--max-length', '32', '--json', ...args]));
      return line as { granularity: string; dispatches: number; bytes: Record<string, number>; granularities: Record<string, unknown>[] };
    };
    const [usual, fast] = [await plan(), await plan('--granularity', 'fast')];
    expect([usual.granularity, fast.granularity]).toEqual(['frugal', 'fast']);
    expect(usual.granularities).toEqual(fast.granularities);
    const [frugal, balanced, last] = usual.granularities.map(({ dispatches }) => Number(dispatches)) as [number, number, number];
    expect(frugal).toBeGreaterThan(balanced);
    expect(balanced).toBeGreaterThan(last);
    const { activation = 0, workspace = 0 } = fast.bytes;
    expect(usual.granularities[2]).toEqual({
      granularity: 'fast',
      dispatches: fast.dispatches,
      activation_and_workspace: activation + workspace,
    });
    expect((await retrace(['plan', '--model', configOnly])).stdout).toMatch(
      /^granularity +frugal .* dispatches a step, .* \(this plan\)\n +balanced /m,
    );
  });

  test('is compared over methods, policies and depths in one table, with what does not go together', async () => {
    const outcome = await retrace([
      'compare',
      '--model',
      configOnly,
      '--methods',
      'meft1,full',
      '--max-length',
      '16',
      '--num-hidden-layers',
      '2,4',
      '--json',
    ]);
    const rows = linesOf(outcome);
    const plans = rows.filter(({ type }) => type === 'plan');
    expect(plans.map(({ method, policy, num_hidden_layers }) => `${method} ${policy} ${num_hidden_layers}`)).toEqual(
      [2, 4].flatMap((depth) =>
        ['meft1 store', 'meft1 checkpoint', 'meft1 reversible', 'full store', 'full checkpoint'].map((row) => `${row} ${depth}`),
      ),
    );
    expect(plans.find(({ method, policy }) => method === 'full' && policy === 'store')?.['of_full']).toEqual({
      total: 1,
      activation_and_workspace: 1,
      flops: 1,
    });
    expect(rows.filter(({ type }) => type === 'refused')).toMatchObject([
      { method: 'full', policy: 'reversible', reason: expect.any(String) },
    ]);
    const markdown = await retrace([
      'compare',
      '--model',
      configOnly,
      '--methods',
      'lora',
      '--policies',
      'store',
      '--max-length',
      '16',
      '--markdown',
    ]);
    expect(markdown.stdout).toMatch(/^\| lora \| store \| frugal \| single \|/m);
    const granularities = await retrace([
      'compare',
      '--model',
      configOnly,
      '--methods',
      'meft1',
      '--policies',
      'reversible',
      '--granularities',
      'fast,frugal',
      '--json',
    ]);
    expect(linesOf(granularities)).toMatchObject([{ granularity: 'frugal' }, { granularity: 'fast' }]);
    const picture = join(folder, 'compared.svg');
    const csv = await retrace(['compare', '--model', configOnly, '--max-length', '16', '--sort', '-total', '--csv', '--picture', picture]);
    const [header = '', ...lines] = csv.stdout.trim().split('\n');
    const at = header.split(',').indexOf('total');
    const totals = lines.map((line) => Number(line.split(',')[at]));
    expect(totals.length).toBeGreaterThan(10);
    expect(totals).toEqual(totals.toSorted((a, b) => b - a));
    expect(readFileSync(picture, 'utf8')).toMatch(/^<svg [\s\S]*>meft1 · reversible · fixed<[\s\S]*<\/svg>\n$/);
  });
});

describe('exit codes', () => {
  test.each([
    ['an unknown command', ['trian'], 'There is no command', 'plan, train, profile, evaluate, predict'],
    ['an unknown flag', ['plan', '--batch', '4'], 'no flag --batch', '--batch-size'],
    ['a value that is no number', ['plan', '--batch-size', 'four'], "--batch-size is 'four'", 'number'],
    ['a number out of range', ['train', '--out', 'x', '--dropout', '1.5'], '--dropout is 1.5', 'allowed: <1'],
    ['an unknown choice', ['plan', '--method', 'meft9'], "--method is 'meft9'", 'linear-probe, full'],
    ['a missing value', ['plan', '--seed'], '--seed needs a value', '--seed NUMBER'],
    ['a policy that the method refuses', ['plan', '--method', 'lora', '--memory-policy', 'reversible'], "policy 'reversible'", 'Use store'],
    ['ranges that leave a layer out', ['plan', '--ranges', '0-2:reversible,3-6:store'], '3-6 stands where 2 begins', '0'],
    ['a range of no known policy', ['plan', '--ranges', '0-6:stored'], "the policy 'stored'", '0-8:reversible,8-12:store'],
    ['a range that is none', ['plan', '--ranges', '0..6'], "'0..6'", 'FROM-TO:POLICY'],
    [
      'a hyper-parameter that the method does not read',
      ['plan', '--method', 'lora', '--beta', '1'],
      '--beta changes nothing',
      '--lora-alpha',
    ],
    ['ranges beside a policy', ['plan', '--ranges', '0-6:store', '--memory-policy', 'store'], 'both', 'Give one'],
    ['a column that is not there', ['compare', '--methods', 'lora', '--sort', 'size'], "column 'size'", 'activation_and_workspace'],
    ['a λ that loses bits', ['plan', '--lambda', '0.3'], '0.3', '0.25'],
    ['a length that the model does not have', ['plan', '--max-length', '9000'], '512 positions', 'at most 512'],
    ['training without a folder to write to', ['train'], 'folder', '--out FOLDER'],
    ['texts and a file at once', ['predict', '--adapter', 'x', '--text', 'a', '--data', 'b.tsv'], 'Either', '--text'],
  ])('is 2 for %s, with what is allowed', async (_, args, message, allowed) => {
    const { code, stderr, stdout } = await retrace(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toContain(allowed);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test('ends the process', async () => {
    const { code, stdout, stderr } = await retraceProcess(['plan', '--seed']);
    expect({ code, stdout, stderr }).toEqual(await retrace(['plan', '--seed']));
    expect(code).toBe(2);
  });

  test('is 0 for help, of all and of each command', async () => {
    expect(await retraceProcess(['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('inspect') });
    for (const command of ['plan', 'train', 'evaluate', 'predict', 'compare', 'inspect']) {
      expect(await retrace([command, '--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('--json') });
    }
  });

  test('is 1 for a failure, which is one JSON line on stdout and a text on stderr', async () => {
    const outcome = await retraceProcess(['inspect', write('one.tsv', 'text\tlabel\na\tx\nb\tx\n'), '--json']);
    expect(outcome.code).toBe(1);
    expect(linesOf(outcome)).toMatchObject([{ type: 'error', code: 'one-class', remedy: expect.any(String) }]);
    expect(outcome.stderr).toMatch(/^retrace: All 2 rows.*\n {2}where: .*\n {2}remedy: /);
  });
});

describe('bad input is named by place, with a remedy', () => {
  const train = (data: string, ...args: string[]) =>
    retrace(['train', '--model', tinyModel(folder), '--data', data, '--out', join(folder, 'never'), ...args]);

  test.each([
    ['a missing column', 'missing.tsv', 'text\tlabel\na\tx\nb\ty\n', ['--label-column', 'stars'], 'no column "stars"', '"text", "label"'],
    ['a ragged row', 'ragged.csv', 'text,label\na,x\nb,c,y\n', [], 'row 3 has 3', 'row 3'],
    ['one class only', 'same.tsv', 'text\tlabel\na\tx\nb\tx\n', [], 'same label, "x"', 'at least two classes'],
    ['an empty label', 'empty.tsv', 'text\tlabel\na\tx\nb\t\nc\ty\n', [], 'no label', 'row 3'],
    ['another encoding', 'latin.tsv', Buffer.from('text\tlabel\ncaf\xe9\tx\nb\ty\n', 'latin1'), [], 'UTF-8', 'byte'],
    ['labels that the training data lack', 'topics-eval.tsv', 'text\ttopic\na\tmusic\nb\tsport\n', ['--eval'], '"sport"', 'row 3'],
  ])('%s', async (_, name, content, args, message, place) => {
    const path = write(name, content);
    const { code, stderr } = args[0] === '--eval' ? await train(topicsFile(folder), '--eval-data', path) : await train(path, ...args);
    expect(code, stderr).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toContain(place);
    expect(stderr).toContain('remedy:');
  });

  test('a truncated safetensors, by train and by inspect', async () => {
    const cut = tinyModel(scratchFolder());
    truncateSync(join(cut, 'model.safetensors'), 9000);
    for (const args of [
      ['train', '--model', cut, '--data', topicsFile(folder), '--out', join(folder, 'never')],
      ['inspect', cut],
      ['inspect', join(cut, 'model.safetensors')],
    ]) {
      const { code, stderr } = await retrace(args);
      expect(code, stderr).toBe(1);
      expect(stderr).toMatch(/model\.safetensors has 9000 bytes/);
    }
  });

  test('a model type that is not supported, and weights that do not fit their configuration', async () => {
    const other = tinyModel(scratchFolder(), { model_type: 'mamba' });
    expect(await retrace(['plan', '--model', other])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"mamba" is not supported; supported: bert'),
    });
    const wide = tinyModel(scratchFolder(), { intermediate_size: 128 });
    expect(await retrace(['inspect', wide])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/has the shape \[64, 32\]; config\.json asks for \[128, 32\]/),
    });
  });

  test('a folder that is no model, and a pickled checkpoint', async () => {
    expect(await retrace(['plan', '--model', join(folder, 'nowhere')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("'bundled'"),
    });
    expect(await retrace(['inspect', write('pytorch_model.bin', 'x')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('safetensors'),
    });
  });
});

test('columns are guessed with reasons, and what looks wrong is said, on stderr and as JSON', async () => {
  const rows = Array.from({ length: 60 }, (_, i) => `${i}\tfiction\ta man walks ${i}\ta person goes ${i}\t${['Yes', 'No', 'yes'][i % 3]}`);
  const path = join(folder, 'pairs.tsv');
  writeFileSync(path, ['index\tgenre\tsentence1\tsentence2\tscore', ...rows].join('\n'));
  const inspected = await retrace(['inspect', path, '--json']);
  expect(inspected.code, inspected.stderr).toBe(0);
  const columns = { text: 'sentence1', text_pair: 'sentence2', label: 'score' };
  const label = `labels are often called 'score'; its 3 values are "No", "Yes" and "yes"`;
  const warnings = [
    { code: 'labels-look-alike', rows: [{ file: 'pairs.tsv', count: 20, first: Array.from({ length: 20 }, (_, i) => 4 + 3 * i) }] },
  ];
  expect(linesOf(inspected)[0]).toMatchObject({ roles: columns, reasons: { label }, warnings });
  expect(inspected.stderr).toContain('warning: Labels in column "score" of pairs.tsv that differ only in case');

  const flags = ['--model', tinyModel(folder), '--data', path, '--max-length', '16', '--method', 'linear-probe', '--json'];
  const planned = await retrace(['plan', ...flags]);
  expect(planned.code, planned.stderr).toBe(0);
  expect(linesOf(planned)).toEqual([expect.objectContaining({ columns, reasons: expect.objectContaining({ label }) })]);
  expect(linesOf(planned)[0]?.['warnings']).toMatchObject(warnings);
  expect(planned.stderr).toContain(`label 'score', because ${label}`);
  expect(planned.stderr).toMatch(/warning: .*\n {2}remedy: If they mean the same/);
  const single = await retrace(['plan', ...flags, '--text-pair-column', 'none', '--label-column', 'genre', '--eval-data', path]);
  expect(single).toMatchObject({ code: 1, stderr: expect.stringContaining('same label, "fiction"') });
  expect(single.stderr).toMatch(/columns: text 'sentence\d', label 'genre'/);
});

test('a first row that is data is seen to be, unless one says otherwise', async () => {
  const path = join(folder, 'headless.csv');
  const rows = Array.from({ length: 30 }, (_, i) => `${1 + (i % 4)},headline ${i},a longer text about the headline number ${i}`);
  writeFileSync(path, rows.join('\n'));
  const [guessed, named] = await Promise.all([retrace(['inspect', path, '--json']), retrace(['inspect', path, '--json', '--header'])]);
  expect(linesOf(guessed)[0]).toMatchObject({ rows: 30, header: false, roles: { text: '2', label: '0' } });
  expect((linesOf(guessed)[0] as unknown as { reading: { said: string } }).reading.said).toContain(
    'the first row is data ("1" is a number like those below it)',
  );
  expect(linesOf(named)[0]).toMatchObject({ rows: 29, header: true });
  expect(await retrace(['inspect', path, '--header', '--no-header'])).toMatchObject({ code: 2 });
});

test('inspect says what a model, a tensor file and a table hold', async () => {
  const model = tinyModel(folder);
  expect((await retrace(['inspect', model])).stdout).toMatch(/bert, 3 layers of 32.*\n.*every tensor is there/);
  const [tensors] = linesOf(await retrace(['inspect', join(model, 'model.safetensors'), '--json']));
  expect(tensors).toMatchObject({ type: 'safetensors', bytes: readFileSync(join(model, 'model.safetensors')).length });
  const [table] = linesOf(await retrace(['inspect', 'bundled:clinc150/test', '--json']));
  expect(table).toMatchObject({ type: 'data', rows: 4500, roles: { text: 'text', label: 'domain' } });
});
