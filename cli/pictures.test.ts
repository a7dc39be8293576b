// A folder of pictures, from the command line to an adapter that says the same of them again; and what is refused of such folders, by name.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { zipOf } from '../src/formats/zip.ts';
import { classFolders, pictureOf } from '../test/small_pictures.ts';
import { linesOf, lookingModel, type Outcome, retrace, scratchFolder, tinyModel, writeFiles } from './testing.ts';

const folder = scratchFolder();
const model = await lookingModel(folder);
const classes = ['home', 'travel', 'work'];
const data = await writeFiles(join(folder, 'shots'), classFolders(classes, 12));
const shape = ['--model', model, '--batch-size', '6', '--max-steps', '8', '--learning-rate', '0.02', '--json'];
const out = (name: string): string => join(folder, name);

async function done(args: readonly string[]): Promise<Outcome> {
  const outcome = await retrace(args);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome;
}
const refused = async (args: readonly string[]): Promise<string> => {
  const { code, stderr } = await retrace(args);
  expect(code).not.toBe(0);
  return stderr;
};

let whole: Outcome;
beforeAll(async () => {
  whole = await done(['train', ...shape, '--data', data, '--out', out('whole'), '--eval-steps', '4', '--random-horizontal-flip']);
});

test('train finds classes by folders, decodes every picture once before it begins, and tells how well they are told apart', () => {
  const events = linesOf(whole);
  expect(events.find(({ type }) => type === 'columns')).toMatchObject({ columns: { image: 'image', label: 'label' } });
  expect(events.find(({ type }) => type === 'data')).toMatchObject({ labels: classes, truncated: 0 });
  expect(events.find(({ type }) => type === 'plan')).toMatchObject({ length: 10 });
  expect(whole.stderr).toContain('36 pictures in folders of 3 classes');
  const evaluated = events.filter(({ type }) => type === 'evaluate').at(-1);
  expect(evaluated?.['accuracy']).toBeGreaterThan(0.5);
  const card = readFileSync(join(out('whole'), 'README.md'), 'utf8');
  expect(card).toContain('pipeline_tag: "image-classification"');
});

test('a run that is paused and gone on with reaches the same weights, and does not go on with other pictures', async () => {
  const args = ['train', ...shape, '--data', data, '--eval-steps', '4', '--random-horizontal-flip'];
  await done([...args, '--out', out('resumed'), '--pause-after', '3']);
  await done(['train', '--resume', '--out', out('resumed'), '--json']);
  const tensors = (name: string) => readFileSync(join(out(name), 'adapter.safetensors'));
  expect(tensors('resumed').equals(tensors('whole'))).toBe(true);

  const moved = join(folder, 'moved');
  cpSync(data, moved, { recursive: true });
  await done([...args.map((one) => (one === data ? moved : one)), '--out', out('changed'), '--pause-after', '3']);
  await writeFiles(moved, [{ path: 'home/0.png', blob: pictureOf('home', 3) }]);
  expect(await refused(['train', '--resume', '--out', out('changed')])).toContain('The files of the run have changed');
});

test('predict says the same of a picture by itself, in a folder and in a zip', async () => {
  const adapter = ['predict', '--adapter', out('whole'), '--model', model, '--json'];
  const file = join(data, 'travel', '3.png');
  const [alone] = linesOf(await done([...adapter, '--image', file]));
  expect(alone).toMatchObject({ type: 'prediction', text: file, label: 'travel' });
  const inFolder = linesOf(await done([...adapter, '--image', data]));
  expect(inFolder).toHaveLength(36);
  expect(inFolder.find(({ text }) => text === file)?.['probabilities']).toEqual(alone?.['probabilities']);

  const zip = join(folder, 'shots.zip');
  writeFileSync(zip, new Uint8Array(await (await zipOf(classFolders(classes, 12))).arrayBuffer()));
  const inZip = linesOf(await done([...adapter, '--data', zip]));
  expect(inZip.find(({ text }) => text === 'travel/3.png')?.['probabilities']).toEqual(alone?.['probabilities']);
  const { stdout } = await done(['evaluate', '--adapter', out('whole'), '--model', model, '--data', zip, '--json']);
  expect(stdout).toContain('"accuracy"');
});

test('a picture that is broken is refused by its path, or skipped and named', async () => {
  const broken = join(folder, 'broken');
  cpSync(data, broken, { recursive: true });
  const png = readFileSync(join(broken, 'home', '0.png'));
  writeFileSync(join(broken, 'home', '0.png'), png.subarray(0, png.length - 20));
  writeFileSync(join(broken, 'home', 'notes.txt'), 'no picture');
  const args = ['train', ...shape, '--data', broken, '--out', out('skipped'), '--max-steps', '2'];
  const stderr = await refused(args);
  expect(stderr).toContain("home/0.png' can't be read: it is cut off");
  expect(stderr).toContain('--broken-pictures skip');
  const skipped = await done([...args, '--broken-pictures', 'skip']);
  expect(skipped.stderr).toContain('1 of 36 pictures of broken is broken and skipped');
  expect(skipped.stderr).toContain('home/notes.txt');
  const inspected = await done(['inspect', broken]);
  expect(inspected.stdout).toContain('broken: 1 picture');
});

test('inspect tells what a folder holds: classes, kinds and sizes, pictures that stand there twice', async () => {
  const twice = join(folder, 'twice');
  cpSync(data, twice, { recursive: true });
  await writeFiles(twice, [{ path: 'work/again.png', blob: pictureOf('work', 1) }]);
  const { stdout, stderr } = await done(['inspect', twice]);
  expect(stdout).toMatch(/37 PNG, 14 × 12 to 16 × 13 pixels/);
  expect(stdout).toContain('3 classes');
  expect(stdout + stderr).toContain('the same as one before, byte for byte');
});

test('what can’t be learned or looked at is refused with what is wrong', async () => {
  const one = await writeFiles(join(folder, 'one', 'train'), classFolders(['home'], 4)).then(() => join(folder, 'one'));
  expect(await refused(['train', ...shape, '--data', one, '--out', out('no')])).toContain('of one class');
  const texts = tinyModel(folder);
  expect(await refused(['train', '--model', texts, '--data', data, '--task', 'image_classification', '--out', out('no')])).toContain(
    'reads texts',
  );
  const rows = 'bundled:clinc150';
  expect(await refused(['train', ...shape, '--task', 'classification', '--data', rows, '--out', out('no')])).toContain('looks at pictures');
  expect(await refused(['train', '--model', texts, '--image-size', '24', '--out', out('no')])).toContain('looks at no pictures');
  const asked = ['predict', '--adapter', out('whole'), '--model', model, '--text', 'a text'];
  expect(await refused(asked)).toContain("'a text' comes without one");
});

test('another size of pictures is trained, remembered by the adapter, and planned', async () => {
  await done(['train', ...shape, '--data', data, '--out', out('larger'), '--image-size', '20', '--method', 'lora', '--max-steps', '2']);
  const [alone] = linesOf(
    await done(['predict', '--adapter', out('larger'), '--model', model, '--image', join(data, 'work', '1.png'), '--json']),
  );
  expect(alone).toMatchObject({ type: 'prediction' });
  const [planned] = linesOf(await done(['plan', '--model', model, '--image-size', '20', '--json']));
  expect(planned).toMatchObject({ length: 26 });
});
