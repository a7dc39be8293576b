import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { StudyReport } from '../../src/protocol/study.ts';
import { linesOf, retrace, scratchFolder, tinyModel, topicsFile } from '../testing.ts';
import { studyPicture } from './study.ts';

const folder = scratchFolder();
const study = (...args: string[]) =>
  retrace(['compare', '--study', 'init', '--model', tinyModel(folder), '--data', topicsFile(folder), '--max-length', '16', ...args]);

test('compare --study init tells each start as it is measured, then all of them, and draws them', async () => {
  const picture = join(folder, 'starts.svg');
  const outcome = await study('--methods', 'lora,meft1', '--batch-size', '4', '--max-steps', '1', '--json', '--picture', picture);
  expect(outcome.code, outcome.stderr).toBe(0);
  const lines = linesOf(outcome);
  expect(lines.filter(({ type }) => type === 'study')).toHaveLength(14);
  const report = lines.at(-1) as unknown as StudyReport;
  expect(report).toMatchObject({ type: 'study-report', complete: true, max_steps: 1 });
  expect(report.series.map(({ name }) => name)).toEqual(['lora', 'meft1-lambda', 'meft1-beta', 'meft1-combination']);
  expect(report.series[0]?.points[0]).toMatchObject({ own_start: true, distance: { relative: 0 }, score: { metric: 'accuracy' } });
  const drawn = readFileSync(picture, 'utf8');
  expect(drawn).toMatch(/LoRA, B = c[\s\S]*MEFT1, β = 1[\s\S]*accuracy after 1 step</);
  expect(drawn).not.toMatch(/NaN|undefined|Infinity/);
});

test('as CSV it is plain numbers; methods without a start to move, and flags of plans, are refused', async () => {
  const csv = await study('--methods', 'ia3', '--max-steps', '0', '--csv');
  const [header, ...rows] = csv.stdout.trim().split('\n');
  expect(header).toBe('series,over,value,own_start,relative_distance,largest_difference,accuracy,loss,error');
  expect(rows.map((row) => row.split(',').slice(0, 4))).toEqual([
    ['ia3', 'c', '0.25', 'false'],
    ['ia3', 'c', '0.5', 'false'],
    ['ia3', 'c', '1', 'true'],
    ['ia3', 'c', '2', 'false'],
  ]);
  expect(await study('--methods', 'full')).toMatchObject({ code: 2, stderr: expect.stringContaining('it has those of lora, ia3, meft1') });
  expect(await study('--sort', 'total')).toMatchObject({ code: 2, stderr: expect.stringContaining('Leave --sort out') });
});

test('a start whose numbers left their range leaves a gap in its line, not in the picture', () => {
  const point = { series: 'meft3', own_start: false, options: {} } as const;
  const drawn = studyPicture({
    ...{ model: 'm', data: 'd', texts: 1, eval_examples: 1, max_steps: 3, metric: 'accuracy', complete: true },
    series: [
      {
        ...{ name: 'meft3', method: 'meft3', title: 'MEFT3', over: 'λ = β', panel: 'lambda' },
        points: [
          { ...point, value: 1 / 32, distance: { relative: 0.5, largest: 1 }, score: { metric: 'accuracy', value: 0.5, loss: 1 } },
          { ...point, value: 1, error: { code: 'stream-overflow', message: '' } },
        ],
      },
    ],
  });
  expect(drawn).toContain('λ = β = 1/32: 50.0 %');
  expect(drawn).not.toMatch(/NaN|undefined|Infinity/);
});
