// Pushing an adapter's files to the double: new, again, beside the files of others, in parts, and over everything that refuses or breaks off.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { type HubDouble, startHubDouble } from '../../e2e/hub_double/server.ts';
import { writeZip } from '../../src/formats/zip.ts';
import { HubClient } from '../../src/hub/client.ts';
import { RetraceError } from '../../src/protocol/errors.ts';
import { scratchFolder } from '../testing.ts';
import { planPush, push, pushRepo, pushTarget } from './push.ts';
import { baseOnCard, ownTexts, type PushFile, pushFiles } from './push_files.ts';

const hub: HubDouble = await startHubDouble({
  multipartAbove: 100_000,
  partSize: 64_000,
  tokens: {
    hf_write: { user: 'ann', canRead: 'all', canWrite: ['ann'] },
    hf_read: { user: 'ann', canRead: 'all' },
    // Tokens of other hubs have other beginnings.
    eyJ_elsewhere: { user: 'ann', canRead: 'all', canWrite: ['ann'] },
  },
});
afterAll(() => hub.close());
beforeEach(() => hub.clearRequests());

const clientOf = (token: string | undefined = 'hf_write', more = {}) => new HubClient({ endpoint: hub.endpoint, token, ...more });
const client = clientOf();

const bytesOf = (length: number, seed = 1): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, i) => (i * 31 * seed + (i >> 8)) % 251);
const file = (path: string, content: string | Uint8Array<ArrayBuffer>): PushFile => ({ path, blob: new Blob([content]) });
const adapter = (seed = 1, size = 3000): PushFile[] => [
  file('README.md', '---\nbase_model: "org/base"\n---\n'),
  file('adapter_config.json', '{"peft_type": "LORA"}'),
  file('adapter_model.safetensors', bytesOf(size, seed)),
  file('labels.json', '["a", "b"]'),
];

async function pushAll(id: string, files: readonly PushFile[], asked = client, branch?: string) {
  const target = await pushTarget(asked, pushRepo(id, branch), undefined);
  const plan = await planPush(asked, target, files);
  return { plan, ...(await push(asked, plan, files, 'Upload')) };
}

const contentOf = (id: string, path: string): Uint8Array | undefined => {
  const stored = hub.repo(id)?.files().get(path);
  return stored && new Uint8Array(stored.read(0, stored.size));
};
const refusalOf = (work: Promise<unknown>): Promise<{ code: string; remedy?: string | undefined; message: string }> =>
  work.then(
    () => ({ code: 'none', message: '' }),
    (thrown: unknown) => (thrown instanceof RetraceError ? thrown.toReport() : { code: 'foreign', message: String(thrown) }),
  );
const commits = (id: string) => hub.requests.filter(({ url, status }) => url === `/api/models/${id}/commit/main` && status === 200).length;

test('a repository that is not there is made, and every file is there byte for byte, tensors as a large one', async () => {
  const files = adapter();
  const { plan, url, commit } = await pushAll('ann/new', files);
  expect(plan.target).toMatchObject({ visibility: 'public', commit: undefined });
  expect(url).toBe(`${hub.endpoint}/ann/new`);
  expect(commit).toBe(hub.repo('ann/new')?.commit);
  for (const { path, blob } of files) expect(contentOf('ann/new', path), path).toEqual(new Uint8Array(await blob.arrayBuffer()));
  expect(hub.repo('ann/new')?.files().get('adapter_model.safetensors')?.lfs).toBeDefined();
  expect(hub.repo('ann/new')?.facts.private).toBe(false);
});

test('the token goes to the endpoint and to no other host', () =>
  pushAll('ann/token', adapter()).then(() => {
    const stored = hub.requests.filter(({ host }) => host === 'cdn');
    expect(stored.length).toBeGreaterThan(0);
    expect(stored.every(({ authorization }) => authorization === undefined)).toBe(true);
    expect(hub.requests.filter(({ host, authorization }) => host === 'hub' && authorization !== 'Bearer hf_write')).toEqual([]);
  }));

test('a token that does not begin as those of the hub do serves a mirror', async () => {
  await pushAll('ann/elsewhere', adapter(), clientOf('eyJ_elsewhere'));
  expect(contentOf('ann/elsewhere', 'labels.json')).toBeDefined();
});

test('pushed again unchanged there is no commit; changed, what changed alone is sent', async () => {
  await pushAll('ann/again', adapter());
  const before = hub.repo('ann/again')?.commit;
  hub.clearRequests();
  const { plan, commit } = await pushAll('ann/again', adapter());
  expect([plan.sent.length, plan.same, commit]).toEqual([0, 4, before]);
  expect(commits('ann/again')).toBe(0);
  const changed = await pushAll('ann/again', adapter(2));
  expect(changed.plan.sent.map(({ path }) => path)).toEqual(['adapter_model.safetensors']);
  expect(contentOf('ann/again', 'adapter_model.safetensors')).toEqual(bytesOf(3000, 2));
});

test('files of others stay; those of an earlier adapter in another layout go', async () => {
  hub.add({
    id: 'ann/shared',
    files: {
      'notes.txt': 'mine',
      'train.py': 'print()',
      'adapter_config.json': '{"format": "retrace"}',
      'adapter.safetensors': bytesOf(50),
    },
  });
  const { plan } = await pushAll('ann/shared', adapter());
  expect([plan.removed, plan.others]).toEqual([['adapter.safetensors'], 2]);
  expect([...(hub.repo('ann/shared')?.files().keys() ?? [])].sort()).toEqual(
    ['README.md', 'adapter_config.json', 'adapter_model.safetensors', 'labels.json', 'notes.txt', 'train.py'].sort(),
  );
  // What lies in a repository that holds no adapter is somebody's own, whatever it is called.
  hub.add({ id: 'ann/other', files: { 'history.csv': 'a,b' } });
  expect((await pushAll('ann/other', adapter())).plan).toMatchObject({ removed: [], others: 1 });
});

test('large files go in parts, each sent again where its connection breaks', async () => {
  const stop = hub.fault({ match: { host: 'cdn', method: 'PUT', path: /parts\/2/ }, times: 1, fault: { kind: 'refuse' } });
  await pushAll('ann/large', adapter(3, 200_000));
  stop();
  expect(hub.requests.filter(({ url, method }) => method === 'PUT' && /parts\/2/.test(url)).map(({ status }) => status)).toEqual([0, 200]);
  expect(contentOf('ann/large', 'adapter_model.safetensors')).toEqual(bytesOf(200_000, 3));
});

test.each([
  ['429 with its Retry-After', { kind: 'status', status: 429, headers: { 'Retry-After': '0' } }, /commit/],
  ['500 at the commit', { kind: 'status', status: 500 }, /commit/],
  ['503 of the storage', { kind: 'status', status: 503 }, /uploads/],
  ['a cut while bytes are sent', { kind: 'refuse' }, /uploads/],
  ['an answer to the commit that breaks off', { kind: 'cut', after: 3 }, /commit/],
] as const)('%s is tried again, and there is one commit', async (name, fault, path) => {
  const id = `ann/retry-${name.replace(/\W+/g, '-').slice(0, 20)}`;
  hub.fault({ match: { path, method: path.source === 'commit' ? 'POST' : 'PUT' }, times: 1, fault });
  const { commit } = await pushAll(id, adapter());
  expect(hub.repo(id)?.commit).toBe(commit);
  expect(commits(id)).toBe(1);
  expect(contentOf(id, 'adapter_model.safetensors')).toEqual(bytesOf(3000));
});

test.each([
  ['push-not-allowed', { kind: 'status', status: 403 }, /commit/],
  ['push-in-the-way', { kind: 'status', status: 409 }, /commit/],
  ['push-token-refused', { kind: 'status', status: 401 }, /preupload/],
  ['push-quota', { kind: 'status', status: 403, headers: { 'X-Error-Message': 'Private repository storage limit reached' } }, /batch/],
  ['push-refused', { kind: 'status', status: 400, body: '<Error><Code>BadDigest</Code></Error>' }, /uploads/],
] as const)(
  '%s: the error says what to do, and nothing is committed',
  async (code, fault, path) => {
    // Of its own, for what was uploaded once is not uploaded again.
    const id = `ann/${code}`;
    const before = hub.add({ id, files: { 'a.txt': 'a' } }).commit;
    const stop = hub.fault({ match: { path }, fault });
    const report = await refusalOf(pushAll(id, adapter()));
    stop();
    expect(report.code).toBe(code);
    expect(report.remedy).toMatch(/\w/);
    expect(report.message).not.toContain('hf_write');
    expect(hub.repo(id)?.commit).toBe(before);
  },
  20_000,
);

test('a branch that moved meanwhile is not overwritten', async () => {
  const files = adapter();
  hub.add({ id: 'ann/moved', files: { 'a.txt': 'a' } });
  const target = await pushTarget(client, pushRepo('ann/moved'), undefined);
  const plan = await planPush(client, target, files);
  hub.repo('ann/moved')?.change({ 'b.txt': 'b' });
  expect((await refusalOf(push(client, plan, files, 'Upload'))).code).toBe('push-outdated');
  await pushAll('ann/moved', files);
  expect([contentOf('ann/moved', 'b.txt'), contentOf('ann/moved', 'labels.json')].every((bytes) => bytes !== undefined)).toBe(true);
});

test('what would fail after an hour of training is found before it', async () => {
  const targetOf = (id: string, asked = client, visibility?: 'private') => refusalOf(pushTarget(asked, pushRepo(id), visibility));
  hub.add({ id: 'bob/his', files: {} });
  hub.add({ id: 'ann/open', files: {} });
  expect(await targetOf('ann/x', clientOf(''))).toMatchObject({ code: 'push-no-token' });
  expect(await targetOf('ann/x', clientOf('hf_read'))).toMatchObject({ code: 'push-read-token' });
  expect(await targetOf('ann/x', clientOf('hf_wrong'))).toMatchObject({ code: 'push-token-refused' });
  expect(await targetOf('bob/his')).toMatchObject({ code: 'push-not-allowed' });
  expect(await targetOf('bob/new')).toMatchObject({ code: 'push-not-yours', remedy: expect.stringContaining('ann/new') });
  expect(await targetOf('ann/new-one@dev')).toMatchObject({ code: 'push-no-branch' });
  expect(await targetOf('ann/open@dev')).toMatchObject({ code: 'hub-no-revision' });
  expect(await targetOf('ann/open', client, 'private')).toMatchObject({ code: 'push-public' });
  expect(await targetOf('ann/x', clientOf('hf_write', { offline: 'HF_HUB_OFFLINE says so' }))).toMatchObject({ code: 'push-offline' });
  for (const bad of ['alone', 'ann/a b', 'a/b/c', 'ann/x--y']) expect(() => pushRepo(bad)).toThrow(RetraceError);
  expect(hub.requests.filter(({ url }) => /commit|create/.test(url))).toEqual([]);
});

test('a private repository is made private', async () => {
  const target = await pushTarget(client, pushRepo('ann/secret'), 'private');
  const files = adapter();
  await push(client, await planPush(client, target, files), files, 'Upload');
  expect(hub.repo('ann/secret')?.facts.private).toBe(true);
});

test('of a folder or zip goes what an adapter is made of, and no checkpoint of its run', async () => {
  const folder = scratchFolder();
  const whole = [...adapter(), file('history.csv', 'step\n'), file('mine.txt', 'private'), file('.env', 'HF_TOKEN=x')];
  for (const { path, blob } of whole) writeFileSync(join(folder, path), new Uint8Array(await blob.arrayBuffer()));
  mkdirSync(join(folder, 'checkpoint'));
  writeFileSync(join(folder, 'checkpoint', 'run.json'), '{}');
  const zip = join(scratchFolder(), 'it.zip');
  const packed = await Promise.all(
    whole.map(async ({ path, blob }) => ({ path: `it/${path}`, bytes: new Uint8Array(await blob.arrayBuffer()) })),
  );
  writeFileSync(zip, writeZip(packed));
  const expected = ['README.md', 'adapter_config.json', 'adapter_model.safetensors', 'history.csv', 'labels.json'];
  for (const place of [folder, zip]) {
    const files = await pushFiles(place);
    expect(files.map(({ path }) => path)).toEqual(expected);
    expect(await baseOnCard(files)).toBe('org/base');
  }
  expect(await refusalOf(pushFiles(join(folder, 'checkpoint')))).toMatchObject({ code: 'not-an-adapter' });
  expect(await refusalOf(pushFiles(join(folder, 'none')))).toMatchObject({ code: 'no-such-file' });
});

test("texts of the user's own are told from made-up ones, in both layouts", async () => {
  const madeUp = 'The kettle is on the stove.';
  const beside = (texts: unknown) => ownTexts([file('self_test.json', JSON.stringify({ texts, logits: [] }))]);
  expect(await beside([madeUp, 'The kettle is', ['open the window', 'close the door']])).toBeUndefined();
  expect(await beside([madeUp, 'my balance'])).toEqual({ count: 1, first: 'my balance' });
  const own = await ownTexts([file('adapter_config.json', JSON.stringify({ self_test: { texts: [['a', 'b']], logits: [] } }))]);
  expect(own).toMatchObject({ count: 2, first: 'a' });
  expect(await ownTexts([])).toBeUndefined();
});
