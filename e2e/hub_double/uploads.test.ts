// Uploads to the double: repositories, large files whole and in parts, commits, and everything for which they are refused.

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HubDouble, startHubDouble } from './server.ts';

const large = Uint8Array.from({ length: 2500 }, (_, i) => (i * 13) % 256);
const oidOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const oid = oidOf(large);

let hub: HubDouble;
beforeAll(async () => {
  hub = await startHubDouble({
    multipartAbove: 2000,
    partSize: 1000,
    tokens: {
      hf_write: { user: 'ann', canRead: 'all', canWrite: ['ann', 'org/one'] },
      hf_read: { user: 'bob', canRead: 'all' },
    },
  });
});
afterAll(() => hub.close());

const post = async (path: string, body: unknown, token: string | undefined = 'hf_write') => {
  const response = await fetch(path.startsWith('http') ? path : hub.endpoint + path, {
    method: 'POST',
    headers: { ...(token === '' ? {} : { Authorization: `Bearer ${token}` }), 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, code: response.headers.get('x-error-code'), value: await response.json() };
};
const batch = (objects: unknown, transfers = ['basic', 'multipart'], token?: string) =>
  post('/ann/new.git/info/lfs/objects/batch', { operation: 'upload', transfers, hash_algo: 'sha256', objects }, token);
const commit = (lines: unknown[], token?: string) =>
  post('/api/models/ann/new/commit/main', lines.map((line) => `${JSON.stringify(line)}\n`).join(''), token);
const header = (more = {}) => ({ key: 'header', value: { summary: 'Upload', description: '', ...more } });
const file = (path: string, text: string) => ({
  key: 'file',
  value: { path, content: Buffer.from(text).toString('base64'), encoding: 'base64' },
});
const lfsFile = (path: string, sha256: string, size: number) => ({ key: 'lfsFile', value: { path, algo: 'sha256', oid: sha256, size } });

test('a repository is made once, where the token may write', async () => {
  const made = await post('/api/repos/create', { name: 'new', organization: 'ann', type: 'model' });
  expect(made).toMatchObject({ status: 200, value: { url: `${hub.endpoint}/ann/new`, name: 'ann/new' } });
  expect((await post('/api/repos/create', { name: 'new' })).status).toBe(409);
  expect((await post('/api/repos/create', { name: 'x', organization: 'org' })).status).toBe(403);
  expect((await post('/api/repos/create', { name: 'x' }, 'hf_read')).status).toBe(403);
  expect((await post('/api/repos/create', { name: 'x' }, '')).status).toBe(401);
  expect((await post('/api/repos/create', { name: 'one', organization: 'org', type: 'dataset', private: true })).status).toBe(200);
  expect(hub.repo('org/one', 'dataset')?.facts.private).toBe(true);
});

test('preupload says how each file goes, and what is there', async () => {
  hub.repo('ann/new')?.change({ 'config.json': '{}' });
  const sample = Buffer.from('{}').toString('base64');
  const files = [
    { path: 'config.json', size: 2, sample },
    { path: 'new.json', size: 2, sample },
    { path: 'model.safetensors', size: 2500, sample },
    { path: 'odd.dat', size: 5, sample: Buffer.from([1, 0, 2]).toString('base64') },
  ];
  expect((await post('/api/models/ann/new/preupload/main', { files })).value.files).toEqual([
    { path: 'config.json', uploadMode: 'regular', shouldIgnore: false, oid: createHash('sha1').update('blob 2\0{}').digest('hex') },
    { path: 'new.json', uploadMode: 'regular', shouldIgnore: false },
    { path: 'model.safetensors', uploadMode: 'lfs', shouldIgnore: false },
    { path: 'odd.dat', uploadMode: 'lfs', shouldIgnore: false },
  ]);
  expect((await post('/api/models/ann/new/preupload/no', { files })).code).toBe('RevisionNotFound');
  expect((await post('/api/models/ann/new/preupload/main', { files }, 'hf_read')).status).toBe(403);
});

test('a large file whole: only bytes of its hash are taken, and then it needs no actions', async () => {
  const { value } = await batch([{ oid, size: large.length }], ['basic']);
  expect(value.transfer).toBe('basic');
  const { upload, verify } = value.objects[0].actions;
  expect(upload.href.startsWith(hub.cdn)).toBe(true);
  expect((await post(verify.href, { oid, size: large.length })).status).toBe(404);
  expect((await fetch(upload.href, { method: 'PUT', body: large.slice(1) })).status).toBe(400);
  expect((await fetch(upload.href, { method: 'PUT', body: large, headers: { Authorization: 'Bearer hf_write' } })).status).toBe(400);
  expect((await fetch(upload.href, { method: 'PUT', body: large })).status).toBe(200);
  expect((await post(verify.href, { oid, size: large.length })).status).toBe(200);
  expect((await post(verify.href, { oid, size: 7 })).status).toBe(422);
  expect((await batch([{ oid, size: large.length }])).value.objects).toEqual([{ oid, size: large.length }]);
  expect((await batch([{ oid, size: 1 }], ['basic'], 'hf_read')).status).toBe(403);
});

test('a large file in parts', async () => {
  const other = large.map((byte) => byte ^ 1);
  const name = oidOf(other);
  const { value } = await batch([{ oid: name, size: other.length }]);
  expect(value.transfer).toBe('multipart');
  const { href, header: parts } = value.objects[0].actions.upload;
  expect(Object.keys(parts).sort()).toEqual(['00001', '00002', '00003', 'chunk_size']);
  const etags: { partNumber: number; etag: string | null }[] = [];
  for (const partNumber of [1, 2, 3]) {
    const body = other.slice((partNumber - 1) * 1000, partNumber * 1000);
    const response = await fetch(parts[`0000${partNumber}`], { method: 'PUT', body });
    etags.push({ partNumber, etag: response.headers.get('etag') });
  }
  expect((await post(href, { oid: name, parts: etags.slice(1) }, '')).status).toBe(400);
  expect((await post(href, { oid: name, parts: etags }, '')).status).toBe(200);
  expect((await batch([{ oid: name, size: other.length }])).value.objects).toEqual([{ oid: name, size: other.length }]);
});

test('a commit serves small and large files at a new commit', async () => {
  const before = hub.repo('ann/new')?.commit;
  const { status, value } = await commit([
    header({ parentCommit: before }),
    file('sub/a.txt', 'hello'),
    lfsFile('model.safetensors', oid, large.length),
  ]);
  expect([status, value.commitOid, value.commitUrl]).toEqual([
    200,
    hub.repo('ann/new')?.commit,
    `${hub.endpoint}/ann/new/commit/${value.commitOid}`,
  ]);
  expect(value.commitOid).not.toBe(before);
  expect(await (await fetch(`${hub.endpoint}/ann/new/resolve/main/sub/a.txt`)).text()).toBe('hello');
  const got = await (await fetch(`${hub.endpoint}/ann/new/resolve/main/model.safetensors`)).arrayBuffer();
  expect(new Uint8Array(got)).toEqual(large);
  expect(hub.repo('ann/new')?.files().get('model.safetensors')?.lfs?.sha256).toBe(oid);
});

test('what is refused changes nothing', async () => {
  const { commit: before } = hub.repo('ann/new') ?? {};
  expect((await commit([header({ parentCommit: '0'.repeat(40) }), file('a', 'b')])).status).toBe(412);
  expect((await commit([file('a', 'b')])).status).toBe(400);
  expect((await commit([header(), lfsFile('x.bin', '1'.repeat(64), 5)])).status).toBe(400);
  expect((await commit([header(), file('../a', 'b')])).status).toBe(400);
  expect((await commit([header(), file('ok', 'b'), { key: 'deletedFile', value: { path: 'none' } }])).status).toBe(404);
  expect((await commit([header(), file('a', 'b')], 'hf_read')).status).toBe(403);
  expect((await commit([header(), file('a', 'b')], '')).status).toBe(401);
  expect((await post('/api/models/ann/new/commit/no', JSON.stringify(header()))).code).toBe('RevisionNotFound');
  expect((await post('/api/models/ann/none/commit/main', JSON.stringify(header()))).code).toBe('RepoNotFound');
  expect(hub.repo('ann/new')?.commit).toBe(before);
});

test('files and folders are deleted', async () => {
  await commit([header(), file('d/e/f.txt', '1'), file('d/g.txt', '2'), file('h.txt', '3')]);
  await commit([header(), { key: 'deletedFolder', value: { path: 'd/e/' } }, { key: 'deletedFile', value: { path: 'h.txt' } }]);
  const paths = [...(hub.repo('ann/new')?.files().keys() ?? [])];
  expect(paths).toContain('d/g.txt');
  expect(paths).not.toContain('d/e/f.txt');
  expect(paths).not.toContain('h.txt');
});
