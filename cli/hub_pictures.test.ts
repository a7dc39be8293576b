// The command line and pictures of the hub, which is a double on loopback: rows of its Parquet files and folders of a repository, trained by name, gone on with
// offline to the same bits, evaluated.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { classLabel, datasetRepo, picture, startHubDouble } from '../e2e/hub_double/server.ts';
import { pictureOf } from '../test/small_pictures.ts';
import { linesOf, lookingModel, type Outcome, retrace, scratchFolder } from './testing.ts';

const classes = ['home', 'travel', 'work'];
const bytesOf = async (i: number): Promise<Uint8Array> =>
  new Uint8Array(await pictureOf(classes[i % 3] ?? '', Math.floor(i / 3)).arrayBuffer());
const numbers = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);
const rows = (count: number, from = 0) =>
  Promise.all(numbers(count, from).map(async (i) => ({ image: { bytes: await bytesOf(i), path: `${i}.png` }, label: i % 3 })));
const folders = async (part: string, count: number, from = 0) =>
  Promise.all(numbers(count, from).map(async (i) => [`${part}/${classes[i % 3]}/${i}.png`, await bytesOf(i)] as const));

const double = await startHubDouble();
afterAll(() => double.close());
beforeEach(() => double.clearRequests());
const features = { image: picture, label: classLabel(...classes) };
double.add(
  datasetRepo({ id: 'ada/rows', configs: { default: { features, splits: { train: await rows(30), validation: await rows(9, 30) } } } }),
);
const files = Object.fromEntries([...(await folders('train', 30)), ...(await folders('validation', 9, 30))]);
double.add({ id: 'ada/folders', type: 'dataset', files: { 'README.md': '---\nlicense: mit\n---\n', ...files } });

const model = await lookingModel(scratchFolder());
const home = (): Record<string, string> => ({
  HF_HOME: scratchFolder(),
  HF_ENDPOINT: double.endpoint,
  HF_DATASETS_SERVER: double.datasetsServer,
  HF_HUB_OFFLINE: '',
});
async function done(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Outcome> {
  const outcome = await retrace(args, env);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome;
}

test.each(['ada/rows', 'ada/folders'])(
  '%s: trained by name, gone on with offline to the same bits, evaluated on its validation part',
  async (id) => {
    const [env, out, whole] = [home(), join(scratchFolder(), 'run'), join(scratchFolder(), 'whole')];
    const train = ['train', '--data', id, '--model', model, '--batch-size', '5', '--max-steps', '4', '--json'];
    const first = await done(env, ...train, '--out', out, '--pause-after', '2');
    expect(linesOf(first).find(({ type }) => type === 'columns')).toMatchObject({ columns: { image: 'image', label: 'label' } });
    expect(linesOf(first).find(({ type }) => type === 'data')).toMatchObject({
      ...{ labels: classes, train: { examples: 30 }, evaluation: { examples: 9, held_back: false } },
    });
    double.clearRequests();
    await done({ ...env, HF_HUB_OFFLINE: '1' }, 'train', '--resume', '--out', out, '--json');
    expect(double.requests).toEqual([]);
    await done(env, ...train, '--out', whole);
    expect(readFileSync(join(out, 'adapter.safetensors')).equals(readFileSync(join(whole, 'adapter.safetensors')))).toBe(true);
    expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain(`datasets: ["${id}"]`);
    const evaluated = await done(env, 'evaluate', '--data', id, '--adapter', out, '--model', model, '--json');
    expect(linesOf(evaluated).find(({ type }) => type === 'evaluate')).toMatchObject({ examples: 9 });
  },
);
