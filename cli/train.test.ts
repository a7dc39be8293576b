import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { linesOf, type Outcome, retrace, retraceProcess, scratchFolder, tinyModel, topicsFile } from './testing.ts';

const folder = scratchFolder();
const data = topicsFile(folder);
const out = (name: string): string => join(folder, name);
const adapterOf = (name: string): Buffer => readFileSync(join(out(name), 'adapter.safetensors'));
const shape = ['--batch-size', '4', '--max-length', '16', '--json'];

/** A run that must end well. */
async function trained(name: string, ...args: string[]): Promise<Outcome> {
  const outcome = await retrace(['train', '--data', data, '--out', out(name), ...shape, ...args]);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome;
}

test('three steps of the bundled model under store and under reversible give the same adapter, byte for byte', async () => {
  for (const policy of ['store', 'reversible']) await trained(policy, '--max-steps', '3', '--memory-policy', policy);
  expect(adapterOf('store').equals(adapterOf('reversible'))).toBe(true);
}, 300_000);

describe('a run of the tiny model', () => {
  const model = tinyModel(folder);
  const six = ['--model', model, '--max-steps', '6', '--eval-steps', '0', '--dropout', '0.1'];
  let whole: Outcome;

  beforeAll(async () => {
    whole = await retraceProcess(['train', '--data', data, '--out', out('whole'), ...shape, ...six]);
    expect(whole.code, whole.stderr).toBe(0);
  });

  test('prints nothing but events on stdout, in the shapes that programs read', () => {
    const events = linesOf(whole);
    const of = (type: string) => events.filter((event) => event.type === type);
    expect(of('step').map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(of('step')[0]).toMatchObject({
      loss: expect.any(Number),
      learning_rate: expect.any(Number),
      grad_norm: expect.any(Number),
      tokens: expect.any(Number),
      ms: expect.any(Number),
    });
    expect(of('evaluate').at(-1)).toMatchObject({ step: 6, accuracy: expect.any(Number), f1: expect.any(Number) });
    const [plan, memory] = [of('plan')[0], of('memory').at(-1)];
    expect(plan).toMatchObject({ method: 'meft1', policy: 'reversible', streams: 'fixed', batch: 4 });
    expect(memory).toMatchObject({ live: { weights: expect.any(Number) }, peak: { staging: expect.any(Number) } });
    expect(plan?.['bytes']).toMatchObject({ total: memory?.['total'] });
    expect(events.at(-1)).toMatchObject({
      type: 'saved',
      path: join(out('whole'), 'adapter.safetensors'),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test('says which columns it took, which texts were cut, and what computes', () => {
    expect(whole.stderr).toContain("text 'text', label 'topic' (guessed");
    expect(whole.stderr).toMatch(/5 of 40 texts are longer than 16 tokens and are cut there/);
    expect(whole.stderr).toMatch(/device: .+/);
  });

  test('paused after three steps and resumed it gives the same adapter as without a pause', async () => {
    const first = await trained('parts', ...six, '--pause-after', '3');
    expect(first.stderr).toContain(`Paused at step 3 of 6. Go on with: retrace train --resume --out ${out('parts')}`);
    expect((await retrace(['inspect', out('parts')])).stdout).toContain('step 3 of 6, to be resumed');
    const second = await retrace(['train', '--resume', '--out', out('parts'), '--json']);
    expect(second.code, second.stderr).toBe(0);
    const steps = linesOf(second).filter(({ type }) => type === 'step');
    expect(steps.map(({ step }) => step)).toEqual([4, 5, 6]);
    expect(adapterOf('parts').equals(adapterOf('whole'))).toBe(true);
  });

  test('interrupted by Ctrl-C it saves a checkpoint, says how to go on, and reaches the same adapter', async () => {
    let sent = false;
    const args = ['train', '--data', data, '--out', out('interrupted'), ...shape, ...six];
    const first = await retraceProcess(args, (said, kill) => {
      if (sent || !said.includes('training')) return;
      sent = true;
      kill('SIGINT');
    });
    expect(first.code, first.stderr).toBe(130);
    expect(first.stderr).toMatch(/Paused at step \d of 6/);
    const second = await retraceProcess([...args, '--resume']);
    expect(second.code, second.stderr).toBe(0);
    expect(adapterOf('interrupted').equals(adapterOf('whole'))).toBe(true);
  });

  test('keeps its settings and its files when it is resumed', async () => {
    const other = await retrace(['train', '--resume', '--out', out('whole'), '--learning-rate', '1']);
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('--learning-rate (0.003 in the run, 1 given)') });
    const moved = await retrace(['train', '--resume', '--out', out('whole'), '--data', topicsFile(scratchFolder(), 24)]);
    expect(moved).toMatchObject({ code: 1, stderr: expect.stringContaining('have changed since its checkpoint: --data') });
  });

  test('is not overwritten by another run unless one says so', async () => {
    const outcome = await retrace(['train', '--data', data, '--out', out('whole'), '--model', model]);
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('--overwrite') });
  });

  test('evaluates and predicts from its folder as it did when it was trained', async () => {
    const adapter = ['--adapter', out('whole'), '--model', model];
    const evaluated = await retraceProcess(['evaluate', ...adapter, '--data', data, '--json']);
    expect(evaluated.code, evaluated.stderr).toBe(0);
    const [report] = linesOf(evaluated);
    const right = (report as unknown as { confusion: { counts: number[][] } }).confusion.counts.reduce(
      (sum, row, i) => sum + (row[i] as number),
      0,
    );
    expect(report).toMatchObject({ type: 'evaluate', examples: 40, accuracy: right / 40 });
    const predicted = await retraceProcess(['predict', ...adapter, '--data', data, '--json']);
    expect(predicted.code, predicted.stderr).toBe(0);
    const rows = linesOf(predicted);
    const labels = readFileSync(data, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split('\t')[1]);
    expect(rows.filter(({ label }, i) => label === labels[i])).toHaveLength(right);
    const [first] = rows;
    expect(Object.values(first?.['probabilities'] as Record<string, number>).reduce((a, b) => a + b, 0)).toBeCloseTo(1);
  });

  test('predicts every row of a file with the number that it has there, empty cells among them', async () => {
    const file = join(scratchFolder(), 'texts.csv');
    writeFileSync(file, 'text\n\nplay\n""\npay\n');
    const predict = (...args: string[]) => retrace(['predict', '--adapter', out('whole'), '--model', model, ...args]);
    const told = await predict('--data', file, '--json');
    expect(told.stderr).toMatch(/^columns: .*guessed; --text-column/m);
    const rows = linesOf(told);
    expect(rows.map(({ row, text }) => [row, text])).toEqual([
      [3, 'play'],
      [4, ''],
      [5, 'pay'],
    ]);
    const [alone] = linesOf(await predict('--text', '', '--json'));
    expect(alone?.['probabilities']).toEqual(rows[1]?.['probabilities']);
    const csv = (await predict('--data', file, '--csv')).stdout.trim().split('\n');
    expect(csv[0]).toBe('row,text,text_pair,label,probability,truncated');
    expect(csv.slice(1).map((line) => line.split(',').slice(0, 3))).toEqual([
      ['3', 'play', ''],
      ['4', '', ''],
      ['5', 'pay', ''],
    ]);
    expect((await predict('--data', file)).stdout).toMatch(/^row +text/);
  });

  test('is refused on another base, by checksum', async () => {
    const other = tinyModel(scratchFolder());
    const weights = readFileSync(join(other, 'model.safetensors'));
    weights[weights.length - 1] = 0;
    weights[weights.length - 2] = 0;
    writeFileSync(join(other, 'model.safetensors'), weights);
    for (const args of [
      ['predict', '--adapter', out('whole'), '--text', 'play'],
      ['inspect', out('whole')],
    ]) {
      const { code, stderr } = await retrace([...args, '--model', other]);
      expect(code, stderr).toBe(1);
      expect(stderr).toMatch(/was trained on tiny \(sha256 [0-9a-f]{64}\), but tiny \(sha256 [0-9a-f]{64}\) is loaded/);
    }
  });

  test('that leaves the range of its numbers stops, names the place, and can go on from its last checkpoint', async () => {
    const args = [
      'train',
      '--data',
      data,
      '--model',
      model,
      '--out',
      out('range'),
      ...shape,
      '--max-steps',
      '30',
      '--save-steps',
      '1',
      '--eval-steps',
      '0',
    ];
    const outcome = await retrace([...args, '--learning-rate', '1e4', '--max-grad-norm', '0', '--warmup-ratio', '0.1']);
    expect(outcome.code, outcome.stderr).toBe(1);
    expect(linesOf(outcome).at(-1)).toMatchObject({
      type: 'error',
      code: expect.stringMatching(/^(not-finite|stream-overflow)$/),
      where: expect.stringMatching(/encoder\.layer/),
      remedy: expect.stringMatching(/checkpoint of step \d+ is kept/),
    });
    expect(linesOf(await retrace(['inspect', out('range'), '--json']))).toMatchObject([{ type: 'run', finished: false }]);
  });
});
