import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { HubFile, RepoId } from '../../src/hub/repo.ts';
import type { HubStore } from '../../src/hub/store.ts';
import { hubCache } from './cache.ts';

const scratch = mkdtempSync(join(tmpdir(), 'retrace-cache-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const newRoot = (): string => join(mkdtempSync(join(scratch, 'root-')), 'hub');

const repo: RepoId = { type: 'model', id: 'ada/tiny-bert' };
const [first, second] = ['a'.repeat(40), 'b'.repeat(40)];
const top = 'models--ada--tiny-bert';

const bytesOf = (length: number, seed = 1): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 7) % 251);
const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const oidOf = (bytes: Uint8Array): string => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

interface Entry extends HubFile {
  readonly bytes: Uint8Array;
}
const large = (path: string, bytes: Uint8Array): Entry => ({
  path,
  size: bytes.length,
  oid: 'c'.repeat(40),
  sha256: sha256Of(bytes),
  bytes,
});
const small = (path: string, bytes: Uint8Array): Entry => ({ path, size: bytes.length, oid: oidOf(bytes), bytes });

const weights = large('model.safetensors', bytesOf(5000));
const config = small('config.json', new TextEncoder().encode('{"model_type": "bert"}'));
const pooling = small('1_Pooling/config.json', new TextEncoder().encode('{"pooling_mode": "mean"}'));

async function fetchFile(store: HubStore, commit: string, { bytes, ...file }: Entry, of = repo): Promise<void> {
  const part = await store.part(of, commit, file);
  if (part === undefined) throw new Error('somebody holds it');
  if (part.ranges.length === 0 && file.size > 0) {
    await part.write(0, bytes);
    await part.flush([{ begin: 0, end: file.size }]);
  }
  await part.finish();
}

async function fetchAll(store: HubStore, commit: string, files: readonly Entry[], of = repo): Promise<void> {
  await store.setSnapshot(of, { commit, files: files.map(({ bytes: _, ...file }) => file) });
  await store.setCommit(of, 'main', commit);
  for (const file of files) await fetchFile(store, commit, file, of);
}

const contentOf = async (store: HubStore, commit: string, path: string, of = repo): Promise<Uint8Array | undefined> => {
  const source = await store.open(of, commit, path);
  return source && new Uint8Array(await source.read(0, source.size));
};

test('what is fetched lies as huggingface_hub lays it, with nothing that its scan would take for damage', async () => {
  const root = newRoot();
  const store = hubCache(root);
  await fetchAll(store, first, [weights, config, pooling]);
  const snapshot = join(root, top, 'snapshots', first);
  expect(readlinkSync(join(snapshot, 'model.safetensors'))).toBe(`../../blobs/${weights.sha256}`);
  expect(readlinkSync(join(snapshot, 'config.json'))).toBe(`../../blobs/${config.oid}`);
  expect(readlinkSync(join(snapshot, '1_Pooling', 'config.json'))).toBe(`../../../blobs/${pooling.oid}`);
  expect(readFileSync(join(root, top, 'refs', 'main'), 'utf8')).toBe(first);
  expect(readdirSync(join(root, top, 'blobs')).sort()).toEqual([config.oid, pooling.oid, weights.sha256].sort());
  expect(readdirSync(root).sort()).toEqual(['.locks', 'CACHEDIR.TAG', top]);
  expect(readdirSync(join(root, '.locks', top))).toEqual([]);
  expect(readFileSync(join(root, 'CACHEDIR.TAG'), 'utf8')).toMatch(/^Signature: 8a477f597d28d172789f06886806bc55\n/);
  expect(await contentOf(store, first, 'model.safetensors')).toEqual(weights.bytes);
  expect(await store.paths(repo, first)).toEqual(['1_Pooling/config.json', 'config.json', 'model.safetensors']);
  expect(await store.commitOf(repo, 'main')).toBe(first);
  expect(await store.snapshot(repo, first)).toEqual({
    commit: first,
    files: [weights, config, pooling].map(({ bytes: _, ...file }) => file),
  });
});

test('revisions with slashes are folders, and a revision that moves stands for the new commit', async () => {
  const root = newRoot();
  const store = hubCache(root);
  await store.setCommit(repo, 'refs/pr/1', first);
  await store.setCommit(repo, 'main', first);
  await store.setCommit(repo, 'main', second);
  expect(readFileSync(join(root, top, 'refs', 'refs', 'pr', '1'), 'utf8')).toBe(first);
  expect(await store.commitOf(repo, 'refs/pr/1')).toBe(first);
  expect(await store.commitOf(repo, 'main')).toBe(second);
  // Python calls a repository damaged whose branch stands for a commit that is not here.
  expect(readdirSync(join(root, top, 'snapshots')).sort()).toEqual([first, second]);
  expect(await store.commitOf(repo, '../../outside')).toBeUndefined();
  await store.setCommit(repo, '../../outside', first);
  expect(existsSync(join(root, 'outside'))).toBe(false);
});

test('a file comes in ranges, in any order, and goes on where it was', async () => {
  const root = newRoot();
  const { bytes, ...file } = weights;
  const begun = await hubCache(root).part(repo, first, file);
  expect(begun?.ranges).toEqual([]);
  await begun?.write(4000, bytes.subarray(4000, 4500));
  await begun?.write(0, bytes.subarray(0, 1000));
  const ranges = [
    { begin: 0, end: 1000 },
    { begin: 4000, end: 4500 },
  ];
  await begun?.flush(ranges);
  await begun?.write(1000, bytes.subarray(1000, 2000));
  await begun?.close();
  const store = hubCache(root);
  expect(await store.open(repo, first, file.path)).toBeUndefined();
  expect(await store.paths(repo, first)).toEqual([]);
  const again = await store.part(repo, first, file);
  expect(again?.ranges).toEqual(ranges);
  expect(await again?.read(4100, 4400)).toEqual(bytes.subarray(4100, 4400));
  await again?.write(1000, bytes.subarray(1000, 4000));
  await again?.write(4500, bytes.subarray(4500));
  await again?.finish();
  await again?.close();
  expect(await contentOf(store, first, file.path)).toEqual(bytes);
  expect(readdirSync(join(root, top, 'blobs'))).toEqual([file.sha256]);
});

test('a file that is not whole does not finish, and what is discarded is gone', async () => {
  const root = newRoot();
  const store = hubCache(root);
  const { bytes, ...file } = weights;
  const part = await store.part(repo, first, file);
  await part?.write(0, bytes.subarray(0, 100));
  await expect(part?.finish()).rejects.toThrow('has 100 bytes on disk and should have 5000');
  await part?.discard();
  await part?.close();
  expect(readdirSync(join(root, top, 'blobs'))).toEqual([]);
  const anew = await store.part(repo, first, file);
  expect(anew?.ranges).toEqual([]);
  await anew?.close();
});

test('an empty file is whole without a byte', async () => {
  const store = hubCache(newRoot());
  await fetchFile(store, first, small('empty.txt', new Uint8Array(0)));
  expect((await store.open(repo, first, 'empty.txt'))?.size).toBe(0);
});

test('a file that another commit has is linked, not fetched, and forgotten in both where it proves to be bad', async () => {
  const root = newRoot();
  const store = hubCache(root);
  const { bytes: _, ...file } = weights;
  await fetchAll(store, first, [weights, config]);
  const part = await store.part(repo, second, file);
  expect(part?.ranges).toEqual([{ begin: 0, end: 5000 }]);
  expect(await part?.read(10, 20)).toEqual(weights.bytes.subarray(10, 20));
  await part?.finish();
  expect(await contentOf(store, second, file.path)).toEqual(weights.bytes);
  await (await store.part(repo, second, file))?.discard();
  expect(await store.open(repo, first, file.path)).toBeUndefined();
  expect(await store.paths(repo, first)).toEqual(['config.json']);
  // No link without its file: Python calls that damage.
  expect(readdirSync(join(root, top, 'snapshots', first))).toEqual(['config.json']);
  const anew = await store.part(repo, second, file);
  expect(anew?.ranges).toEqual([]);
  await anew?.close();
});

test('a blob that was cut off, or is gone, is not whole', async () => {
  const root = newRoot();
  const store = hubCache(root);
  await fetchAll(store, first, [weights, config]);
  truncateSync(join(root, top, 'blobs', weights.sha256 ?? ''), 10);
  rmSync(join(root, top, 'blobs', config.oid));
  expect(await store.open(repo, first, weights.path)).toBeUndefined();
  expect(await store.open(repo, first, config.path)).toBeUndefined();
  expect(await store.paths(repo, first)).toEqual([]);
  for (const file of [weights, config]) await fetchFile(store, first, file);
  expect(await contentOf(store, first, weights.path)).toEqual(weights.bytes);
  expect(await contentOf(store, first, config.path)).toEqual(config.bytes);
});

test('a list that speaks of bytes that are not here is not believed', async () => {
  const root = newRoot();
  const store = hubCache(root);
  const { bytes, ...file } = weights;
  const begun = await store.part(repo, first, file);
  await begun?.write(0, bytes.subarray(0, 1000));
  await begun?.flush([{ begin: 0, end: 1000 }]);
  await begun?.close();
  const [part, list] = ['part', 'ranges'].map((kind) => join(root, top, 'blobs', `${file.sha256}.retrace-${kind}`)) as [string, string];
  for (const damaged of ['', '{"\n', '[[0,1000]]', '[[1000,2000]]\n', '[[500,400]]\n', '[[0,600],[500,900]]\n', '[[-5,3]]\n']) {
    writeFileSync(part, bytes.subarray(0, 1000));
    writeFileSync(list, damaged);
    const again = await store.part(repo, first, file);
    expect(again?.ranges, damaged).toEqual([]);
    await again?.close();
    expect(existsSync(list)).toBe(false);
  }
});

test('where there are no links, snapshots hold the files themselves, and a second commit a copy', async () => {
  const root = newRoot();
  const store = hubCache(root, { links: false });
  await fetchAll(store, first, [weights, config]);
  const path = join(root, top, 'snapshots', first, 'model.safetensors');
  expect(lstatSync(path).isFile()).toBe(true);
  expect(await contentOf(store, first, weights.path)).toEqual(weights.bytes);
  await fetchFile(store, first, weights);
  expect(await contentOf(store, first, weights.path)).toEqual(weights.bytes);
  const linked = newRoot();
  await fetchAll(hubCache(linked), first, [weights]);
  await fetchFile(hubCache(linked, { links: false }), second, weights);
  expect(lstatSync(join(linked, top, 'snapshots', second, 'model.safetensors')).isFile()).toBe(true);
  expect(await contentOf(hubCache(linked), first, weights.path)).toEqual(weights.bytes);
  expect(readdirSync(join(linked, top, '.retrace'))).toEqual([`${first}.json`]);
});

test.each(['../../../../escaped', '/etc/passwd', 'a//b', './a', 'a/../../../b', 'a\\..\\b', ''])(
  'a file listed as %j is refused, and nothing is written',
  async (path) => {
    const root = newRoot();
    const store = hubCache(root);
    const { bytes: _, ...file } = small(path, bytesOf(10));
    await expect(store.part(repo, first, file)).rejects.toMatchObject({ code: 'bad-listing' });
    expect(await store.open(repo, first, path)).toBeUndefined();
    expect(existsSync(root)).toBe(false);
  },
);

test.each(['', '../x', 'A'.repeat(64), 'a'.repeat(41)])('a hash given as %j is refused', async (sha256) => {
  const store = hubCache(newRoot());
  await expect(store.part(repo, first, { path: 'a', size: 1, oid: 'c'.repeat(40), sha256 })).rejects.toMatchObject({ code: 'bad-listing' });
});

test('links that lead out of the cache are neither written through nor read', async () => {
  const outside = mkdtempSync(join(scratch, 'outside-'));
  writeFileSync(join(outside, 'config.json'), 'secret');
  const { bytes: _, ...file } = weights;
  for (const planted of ['snapshots', 'blobs', `snapshots/${first}`, '.retrace', '.']) {
    const root = newRoot();
    const at = join(root, top, planted);
    mkdirSync(join(at, '..'), { recursive: true });
    symlinkSync(outside, planted === '.' ? join(root, top) : at);
    await expect(hubCache(root).part(repo, first, file), planted).rejects.toMatchObject({ code: 'store-closed' });
    expect(readdirSync(outside)).toEqual(['config.json']);
  }
  const root = newRoot();
  const store = hubCache(root);
  mkdirSync(join(root, top, 'blobs'), { recursive: true });
  mkdirSync(join(root, top, 'snapshots', first), { recursive: true });
  symlinkSync(join(outside, 'config.json'), join(root, top, 'blobs', `${file.sha256}.retrace-part`));
  await expect(store.part(repo, first, file)).rejects.toMatchObject({ code: 'store-closed' });
  symlinkSync(join(outside, 'config.json'), join(root, top, 'snapshots', first, 'config.json'));
  expect(await store.open(repo, first, 'config.json')).toBeUndefined();
  expect(await store.paths(repo, first)).toEqual([]);
  // A blob that is such a link is replaced by a file of its own.
  symlinkSync(join(outside, 'config.json'), join(root, top, 'blobs', config.oid));
  await fetchFile(store, first, config);
  expect(readFileSync(join(outside, 'config.json'), 'utf8')).toBe('secret');
  expect(await contentOf(store, first, 'config.json')).toEqual(config.bytes);
});

test('a cache that cannot be made is said; one that others filled and closed can be read', async () => {
  const file = join(scratch, 'a-file');
  writeFileSync(file, '');
  const store = hubCache(join(file, 'hub'));
  const { bytes: _, ...wanted } = weights;
  await expect(store.part(repo, first, wanted)).rejects.toMatchObject({ code: 'store-closed', where: expect.stringContaining('a-file') });
  // These only spare a request: a fetch would say what is wrong.
  await store.setCommit(repo, 'main', first);
  await store.setSnapshot(repo, { commit: first, files: [] });
  expect(await store.kept()).toEqual([]);
  expect(await store.commitOf(repo, 'main')).toBeUndefined();
});

test("what is kept is told by repository and commit, Python's fetches among it, the last used first", async () => {
  const root = newRoot();
  const store = hubCache(root);
  await fetchAll(store, first, [weights, config]);
  // As Python leaves it: no listing of ours.
  const [python, hash] = [join(root, 'datasets--nyu-mll--glue'), 'd'.repeat(64)];
  for (const folder of ['blobs', 'refs', `snapshots/${second}/sst2`]) mkdirSync(join(python, folder), { recursive: true });
  writeFileSync(join(python, 'refs', 'main'), second);
  writeFileSync(join(python, 'blobs', hash), 'rows');
  symlinkSync(`../../../blobs/${hash}`, join(python, 'snapshots', second, 'sst2', 'train.parquet'));
  utimesSync(join(python, 'blobs', hash), 1000, 900);
  mkdirSync(join(root, 'models--not--a--name'));
  const { bytes, ...half } = large('other.bin', bytesOf(300, 2));
  await store.setSnapshot(repo, { commit: second, files: [half, config] });
  const part = await store.part(repo, second, half);
  await part?.write(100, bytes.subarray(100, 150));
  await part?.flush([{ begin: 100, end: 150 }]);
  await part?.close();
  const kept = await store.kept();
  expect(kept.map(({ id, commit, revisions, bytes: all }) => ({ id, commit, revisions, all }))).toEqual(
    expect.arrayContaining([
      { id: 'ada/tiny-bert', commit: first, revisions: ['main'], all: 5000 + config.size },
      { id: 'ada/tiny-bert', commit: second, revisions: [], all: 50 },
      { id: 'nyu-mll/glue', commit: second, revisions: ['main'], all: 4 },
    ]),
  );
  expect(kept).toHaveLength(3);
  expect(kept.at(-1)).toMatchObject({
    type: 'dataset',
    lastUsed: 1_000_000,
    files: [{ path: 'sst2/train.parquet', size: 4, kept: 4, sha256: hash }],
  });
  const before = Date.now() - 1000;
  await store.open({ type: 'dataset', id: 'nyu-mll/glue' }, second, 'sst2/train.parquet');
  const [used] = (await store.kept()).filter(({ id }) => id === 'nyu-mll/glue');
  expect(used?.lastUsed).toBeGreaterThan(before);
  expect(statSync(join(python, 'blobs', hash)).mtimeMs).toBe(900_000);
  expect((await store.space())?.free).toBeGreaterThan(0);
});

test('removing a commit leaves what another one links to, and removing a repository leaves the others', async () => {
  const root = newRoot();
  const store = hubCache(root);
  const other: RepoId = { type: 'model', id: 'ada/other' };
  const newer = small('config.json', new TextEncoder().encode('{"model_type": "bert", "hidden_size": 8}'));
  await fetchAll(store, first, [weights, config]);
  await fetchAll(store, second, [weights, newer]);
  await store.setCommit(repo, 'v1', first);
  await fetchAll(store, first, [weights], other);
  const { bytes, ...begun } = large('other.bin', bytesOf(300, 2));
  await store.setSnapshot(repo, {
    commit: first,
    files: [weights, config, begun].map(({ path, size, oid, sha256 }) => ({ path, size, oid, sha256 })),
  });
  const part = await store.part(repo, first, begun);
  await part?.write(0, bytes.subarray(0, 50));
  await part?.flush([{ begin: 0, end: 50 }]);
  await expect(store.remove(repo, first)).rejects.toMatchObject({ code: 'store-in-use' });
  await part?.close();

  await store.remove(repo, first);
  expect(readdirSync(join(root, top, 'blobs')).sort()).toEqual([newer.oid, weights.sha256].sort());
  expect(readdirSync(join(root, top, 'snapshots'))).toEqual([second]);
  expect(readdirSync(join(root, top, 'refs'))).toEqual(['main']);
  expect(await contentOf(store, second, weights.path)).toEqual(weights.bytes);
  expect(await store.snapshot(repo, first)).toBeUndefined();
  await store.remove(repo, 'e'.repeat(40));
  await store.remove(repo, second);
  expect(existsSync(join(root, top))).toBe(false);
  expect(await contentOf(store, first, weights.path, other)).toEqual(weights.bytes);
  await store.remove(other);
  await store.remove(other);
  expect(await store.kept()).toEqual([]);
});

test('what Python keeps once for several repositories goes with the last one that links to it', async () => {
  const root = newRoot();
  const store = hubCache(root);
  const payload = join(root, 'blobs', 'ee', 'e'.repeat(64));
  mkdirSync(join(root, 'blobs', 'ee'), { recursive: true });
  writeFileSync(join(root, 'blobs', '.huggingface-shared-blobs'), '1\n');
  writeFileSync(payload, weights.bytes);
  const names = ['models--ada--one', 'models--ada--two'];
  for (const name of names) {
    for (const folder of ['blobs', `snapshots/${first}`]) mkdirSync(join(root, name, folder), { recursive: true });
    symlinkSync(`../../blobs/ee/${'e'.repeat(64)}`, join(root, name, 'blobs', weights.sha256 ?? ''));
    symlinkSync(`../../blobs/${weights.sha256}`, join(root, name, 'snapshots', first, weights.path));
  }
  writeFileSync(`${payload}.refs`, names.map((name) => `${name}/blobs/${weights.sha256}\n`).join(''));
  expect(await contentOf(store, first, weights.path, { type: 'model', id: 'ada/one' })).toEqual(weights.bytes);
  await store.remove({ type: 'model', id: 'ada/one' });
  expect(await contentOf(store, first, weights.path, { type: 'model', id: 'ada/two' })).toEqual(weights.bytes);
  await store.remove({ type: 'model', id: 'ada/two' }, first);
  expect(readdirSync(join(root, 'blobs', 'ee'))).toEqual([]);
});
