import { expect, test } from 'vitest';
import { writeSafetensors } from '../formats/safetensors.ts';
import { openCheckpoint } from './checkpoint.ts';
import { fileFolder, type ModelFolder } from './folder.ts';

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const shard = (...names: string[]) =>
  writeSafetensors(
    names.map((name, i) => ({ name, dtype: 'F32', shape: [1], bytes: floats(i) })),
    { format: 'pt' },
  );
const folderOf = (files: Record<string, string | Uint8Array<ArrayBuffer>>): ModelFolder =>
  fileFolder(
    Object.entries(files).map(([path, content]) => ({ path, blob: new Blob([content]) })),
    'm',
  );
const index = (weight_map: Record<string, string>, total_size?: number) => JSON.stringify({ metadata: { total_size }, weight_map });
const [first, second] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
const indexName = 'model.safetensors.index.json';

test('shards that an index lists are one checkpoint, in the order of their names', async () => {
  const folder = folderOf({
    [second]: shard('c'),
    [first]: shard('a', 'b'),
    [indexName]: index({ c: second, a: first, b: first }, 12),
  });
  const checkpoint = await openCheckpoint(folder);
  expect(checkpoint?.files.map(({ source }) => source.name)).toEqual([first, second]);
  expect([...(checkpoint?.tensors.keys() ?? [])].sort()).toEqual(['a', 'b', 'c']);
  expect(checkpoint?.tensors.get('c')?.file.source.name).toBe(second);
  expect(checkpoint?.notes).toEqual([]);
});

test('of several files the one that Transformers would take is taken', async () => {
  const whole = { 'model.safetensors': shard('whole'), [indexName]: index({ a: first }), [first]: shard('a') };
  expect([...((await openCheckpoint(folderOf(whole)))?.tensors.keys() ?? [])]).toEqual(['whole']);
  const { 'model.safetensors': _, ...sharded } = whole;
  expect([...((await openCheckpoint(folderOf({ ...sharded, 'pytorch_model.bin': 'never opened' })))?.tensors.keys() ?? [])]).toEqual(['a']);
});

test('a safetensors file of another name serves where it is the only one, and is said; an adapter does not', async () => {
  const other = await openCheckpoint(folderOf({ 'bert.safetensors': shard('a'), 'adapter_model.safetensors': shard('x') }));
  expect(other?.notes).toEqual(['The weights are those of bert.safetensors, the only safetensors file of the folder.']);
  expect(await openCheckpoint(folderOf({ 'adapter_model.safetensors': shard('x') }))).toBeUndefined();
  expect(await openCheckpoint(folderOf({ 'a.safetensors': shard('x'), 'b.safetensors': shard('x') }))).toBeUndefined();
});

test('files that an index lists and the folder lacks are named together', async () => {
  await expect(openCheckpoint(folderOf({ [indexName]: index({ a: first, b: second }) }))).rejects.toMatchObject({
    code: 'missing-shards',
    message: `m lacks 2 of the 2 files that ${indexName} lists: ${first} and ${second}.`,
    remedy: expect.stringContaining('hub'),
  });
});

test('a total_size that is another is said', async () => {
  const checkpoint = await openCheckpoint(folderOf({ [first]: shard('a'), [indexName]: index({ a: first }, 100) }));
  expect(checkpoint?.notes).toEqual([`${indexName} says total_size 100; its files hold 4 bytes of tensors.`]);
});

test.each([
  ['no index at all', '{"a": 1}', /weight_map/],
  ['an empty map', index({}), /lists 0 files/],
  ['a path out of the folder', index({ a: '../x.safetensors' }), /"\.\.\/x\.safetensors", which is not in its folder/],
  ['a path into another', index({ a: 'x/y.safetensors' }), /not in its folder/],
  ['a number for a file', '{"weight_map": {"a": 3}}', /weight_map\.a/],
  ['a tensor that its file lacks', index({ a: first, b: first, z: first }), /1 of 3 tensors are not in the file.*: z\./],
  ['a tensor that the index lacks', index({ a: first }), /1 tensors stand in files.*: b\./],
])('an index with %s is refused', async (_, text, says) => {
  const opened = openCheckpoint(folderOf({ [first]: shard('a', 'b'), [indexName]: text }));
  await expect(opened).rejects.toMatchObject({ code: 'bad-weights-index', where: `m/${indexName}` });
  await expect(opened).rejects.toThrow(says);
});
