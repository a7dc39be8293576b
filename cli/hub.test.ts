// The command line and the hub, which is a double on loopback: models by id in every command, and what is kept of them.

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { bertParameters, safetensorsHead } from '../bench/large_bert.ts';
import { type HubDouble, repoFromFolder, sparseFile, startHubDouble } from '../e2e/hub_double/server.ts';
import { linesOf, type Outcome, retrace, retraceProcess, scratchFolder, tinyModel, topicsFile } from './testing.ts';

const id = 'ada/tiny-bert';
const token = 'hf_secret';
const hub: HubDouble = await startHubDouble({ tokens: { [token]: { user: 'ada', canRead: [id, 'ada/gated'] } } });
afterAll(() => hub.close());

const folder = tinyModel(scratchFolder());
hub.add(repoFromFolder(id, folder, { license: 'apache-2.0' }));
hub.add(repoFromFolder('ada/gated', folder, { gated: 'manual' }));

/** BERT-base with weights of zeros, which nobody has. */
const base = {
  ...{ hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12, intermediate_size: 3072, vocab_size: 30522 },
  model_type: 'bert',
  max_position_embeddings: 512,
};
const { head, size } = safetensorsHead(bertParameters(base));
hub.add({
  id: 'ada/bert-base',
  files: { 'config.json': JSON.stringify(base), 'model.safetensors': sparseFile(size, head, '5'.repeat(64)) },
});

beforeEach(() => hub.clearRequests());

const homeFor = (env: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  HF_HOME: scratchFolder(),
  HF_ENDPOINT: hub.endpoint,
  HF_HUB_OFFLINE: '',
  ...env,
});
const offline = { HF_HUB_OFFLINE: '1' };

const run = (env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Outcome> => retrace(args, env);
const moved = (): number => hub.requests.reduce((sum, { sent }) => sum + sent, 0);
const ok = (outcome: Outcome): Outcome => {
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome;
};

test('a model of 400 MB is planned, inspected and compared by its configuration and header: less than 1 MB moves, and offline nothing', async () => {
  const home = homeFor();
  const [plan] = linesOf(ok(await run(home, 'plan', '--model', 'ada/bert-base', '--method', 'lora', '--json')));
  expect(size).toBeGreaterThan(400e6);
  expect(plan).toMatchObject({
    model: 'ada/bert-base',
    method: 'lora',
    fetch: { id: 'ada/bert-base', bytes: size + JSON.stringify(base).length },
  });
  expect(moved()).toBeGreaterThan(head.length);
  expect(moved()).toBeLessThan(1e6);
  expect(hub.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  hub.clearRequests();
  const [again] = linesOf(ok(await run({ ...home, ...offline }, 'plan', '--model', 'ada/bert-base', '--method', 'lora', '--json')));
  const { fetch: _, ...planned } = plan ?? {};
  expect(again).toMatchObject(planned);
  const { stdout } = ok(await run({ ...home, ...offline }, 'inspect', 'ada/bert-base'));
  expect(stdout).toContain('ada/bert-base: bert, 12 layers of 768');
  expect(stdout).toMatch(/418 MiB, [\d.]+ KiB of it here/);
  const compared = linesOf(
    ok(
      await run(
        { ...home, ...offline },
        'compare',
        '--model',
        'ada/bert-base',
        '--methods',
        'lora',
        '--policies',
        'store',
        '--num-hidden-layers',
        '4,12',
        '--json',
      ),
    ),
  );
  expect(compared.filter(({ type }) => type === 'plan').map(({ num_hidden_layers }) => num_hidden_layers)).toEqual([4, 12]);
  expect(hub.requests).toEqual([]);
});

test('a run remembers its commit: it is gone on with offline after the branch has moved, and its adapter finds its base by checksum', async () => {
  const home = homeFor();
  const repo = hub.add(repoFromFolder('ada/moving', folder));
  const { commit } = repo;
  const [out, data] = [join(scratchFolder(), 'out'), topicsFile(scratchFolder())];
  const begin = [
    'train',
    '--model',
    'ada/moving',
    '--data',
    data,
    '--label-column',
    'topic',
    '--method',
    'linear-probe',
    '--batch-size',
    '4',
    '--max-steps',
    '2',
    '--out',
    out,
  ];
  const paused = ok(await run(home, ...begin, '--pause-after', '1', '--json'));
  expect(linesOf(paused).find(({ type }) => type === 'fetched')).toMatchObject({ model: 'ada/moving', commit });
  expect(paused.stderr).toMatch(/model: ada\/moving \(commit [0-9a-f]{7}\): .* of it here/);
  const record = JSON.parse(readFileSync(join(out, 'checkpoint', 'run.json'), 'utf8')) as { settings: { model: unknown } };
  expect(record.settings.model).toEqual({ kind: 'hub', id: 'ada/moving', revision: 'main', commit });
  repo.change({ 'config.json': '{"model_type": "bert", "hidden_size": 1}' });
  hub.clearRequests();
  ok(await run({ ...home, ...offline }, 'train', '--resume', '--out', out));
  expect(hub.requests).toEqual([]);

  const predicting = ['predict', '--adapter', out, '--text', 'play my song', '--json'];
  const predicted = ok(await run({ ...home, ...offline }, ...predicting));
  expect(linesOf(predicted)).toHaveLength(1);
  expect(predicted.stderr).toContain('model: ada/moving');
  ok(await run({ ...home, ...offline }, 'hub', 'remove', 'ada/moving'));
  const refused = await run({ ...home, ...offline }, ...predicting);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('--model ada/moving');
  const elsewhere = await run({ ...home, ...offline }, 'train', '--resume', '--overwrite', '--out', out);
  expect(elsewhere.code).toBe(2);
});

test.each(['a folder', 'ada/other'])(
  'a run whose model, %s, is gone goes on with one that is kept with the same weights',
  async (model) => {
    const home = homeFor();
    hub.add(repoFromFolder('ada/other', folder));
    const [out, data] = [join(scratchFolder(), 'out'), topicsFile(scratchFolder())];
    const given = model === 'a folder' ? tinyModel(scratchFolder()) : model;
    const run1 = ['train', '--model', given, '--data', data, '--label-column', 'topic', '--method', 'linear-probe', '--out', out];
    ok(await run(home, ...run1, '--batch-size', '4', '--max-steps', '2', '--pause-after', '1'));
    if (model === 'a folder') rmSync(given, { recursive: true });
    else ok(await run(home, 'hub', 'remove', model));
    ok(await run(home, 'hub', 'fetch', id));
    hub.clearRequests();
    const resumed = ok(await run({ ...home, ...offline }, 'train', '--resume', '--out', out));
    expect(resumed.stderr).toContain(`${id} is kept, with the same weights, and is used`);
    expect(hub.requests).toEqual([]);
  },
);

test('--revision and org/name@revision name a branch, tag or commit; two that differ are refused', async () => {
  const home = homeFor();
  const repo = hub.add(repoFromFolder('ada/branches', folder));
  repo.tag('v1');
  const first = repo.commit;
  repo.change({ 'README.md': 'newer' });
  const fetched = async (...args: string[]) =>
    linesOf(ok(await run(home, 'hub', 'fetch', ...args, '--json'))).find(({ type }) => type === 'fetched')?.['commit'];
  expect(await fetched('ada/branches@v1')).toBe(first);
  expect(await fetched('ada/branches')).toBe(repo.commit);
  const second = repo.commit;
  repo.change({ 'vocab.txt': '[PAD]' });
  // What is kept serves until it is asked for anew.
  expect(await fetched('ada/branches')).toBeUndefined();
  expect(await fetched('ada/branches', '--refresh')).toBe(repo.commit);
  ok(await run(home, 'hub', 'remove', 'ada/branches', '--commit', second));
  const kept = linesOf(ok(await run(home, 'hub', 'list', '--json')));
  expect(kept.map(({ commit, revisions, whole }) => ({ commit, revisions, whole }))).toEqual(
    expect.arrayContaining([
      { commit: first, revisions: ['v1'], whole: true },
      { commit: repo.commit, revisions: ['main'], whole: true },
    ]),
  );
  ok(await run(home, 'plan', '--model', 'ada/branches', '--revision', 'v1'));
  expect(await run(home, 'plan', '--model', 'ada/branches@v1', '--revision', 'v2')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--revision'),
  });
  expect(await run(home, 'plan', '--revision', 'v2')).toMatchObject({ code: 2, stderr: expect.stringContaining('on this machine') });
  const none = await run(home, 'plan', '--model', 'ada/branches@none');
  expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('none') });
  ok(await run(home, 'hub', 'remove', 'ada/branches', '--commit', first.slice(0, 8)));
  expect(linesOf(ok(await run(home, 'hub', 'list', '--json'))).map(({ commit }) => commit)).toEqual([repo.commit]);
});

test('a gated model comes with a token, which goes to the hub alone and is never said', async () => {
  const without = await run(homeFor(), 'hub', 'fetch', 'ada/gated');
  expect(without).toMatchObject({ code: 1, stderr: expect.stringMatching(/gated|access/i) });
  hub.clearRequests();
  const home = homeFor({ HF_TOKEN: token });
  const { stdout, stderr } = ok(await run(home, 'hub', 'fetch', 'ada/gated', '--json'));
  expect(stdout + stderr).not.toContain(token);
  const hosts = (host: string) => hub.requests.filter((request) => request.host === host);
  expect(hosts('cdn').length).toBeGreaterThan(0);
  expect(hosts('cdn').every(({ authorization }) => authorization === undefined)).toBe(true);
  expect(hosts('hub').every(({ authorization }) => authorization === `Bearer ${token}`)).toBe(true);
  // A line with another endpoint may have been copied from anywhere.
  hub.clearRequests();
  const copied = await run(
    { ...homeFor({ HF_TOKEN: token }), HF_ENDPOINT: '' },
    'hub',
    'fetch',
    'ada/gated',
    '--hub-endpoint',
    hub.endpoint,
  );
  expect(copied.code).toBe(1);
  expect(hub.requests.length).toBeGreaterThan(0);
  expect(hub.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
});

test('a mirror that redirects, and lies under a path, is asked by HF_ENDPOINT', async () => {
  const mirror = await startHubDouble({ prefix: '/hf', mirrorOf: hub.endpoint });
  try {
    ok(await run(homeFor({ HF_ENDPOINT: `${mirror.endpoint}/` }), 'hub', 'fetch', id));
    expect(mirror.requests.every(({ url }) => url.startsWith('/hf/'))).toBe(true);
    expect(mirror.requests.length).toBeGreaterThan(2);
  } finally {
    await mirror.close();
  }
});

test('offline, what is not kept is said; what is bundled does not ask, whatever the environment holds', async () => {
  const refused = await run(homeFor(offline), 'plan', '--model', id);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('HF_HUB_OFFLINE') });
  const broken = homeFor({ HF_ENDPOINT: 'not an address' });
  ok(await run(broken, 'plan'));
  expect(await run(broken, 'plan', '--model', id)).toMatchObject({ code: 1, stderr: expect.stringContaining('not an address') });
  expect(await run(homeFor(), 'plan', '--hub-endpoint', 'ftp://x')).toMatchObject({ code: 2 });
  expect(hub.requests).toEqual([]);
});

const weightsOf = (bytes: number) => ({
  ...repoFromFolder('ada/slow', folder).files,
  'model.safetensors': sparseFile(bytes, new Uint8Array([1])),
});
const ofWeights = (): number => hub.requests.filter(({ host }) => host === 'cdn').reduce((sum, { sent }) => sum + sent, 0);

test.each<[signal: NodeJS.Signals, when: number, code: number | null]>([
  ['SIGINT', 5e5, 130],
  ['SIGKILL', 2.2e6, null],
])('a fetch that %s ends keeps what came, which is not fetched again', async (signal, when, code) => {
  const home = homeFor();
  const big = 4 * 2 ** 20;
  hub.add({ ...repoFromFolder('ada/slow', folder), files: weightsOf(big) });
  const end = hub.fault({ match: { host: 'cdn' }, fault: { kind: 'slow', bytes: 65_536, everyMs: 80 } });
  let looking: NodeJS.Timeout | undefined;
  const stopped = await retraceProcess(
    ['hub', 'fetch', 'ada/slow'],
    (_, kill) => {
      looking ??= setInterval(() => {
        if (moved() < when) return;
        clearInterval(looking);
        kill(signal);
      }, 20);
    },
    home,
  );
  end();
  expect(stopped).toMatchObject({ code, stdout: '' });
  if (code !== null) expect(stopped.stderr).toContain('kept');
  const [row] = linesOf(ok(await run(home, 'hub', 'list', '--json')));
  const kept = Number(row?.['bytes']);
  expect(kept).toBeGreaterThan(200_000);
  expect(row).toMatchObject({ whole: false });
  hub.clearRequests();
  ok(await run(home, 'hub', 'fetch', 'ada/slow'));
  expect(ofWeights()).toBeLessThanOrEqual(big - kept + 300_000);
});

test('two who fetch the same model share the work: its weights come once', async () => {
  const home = homeFor();
  const big = 2 * 2 ** 20;
  hub.add({ ...repoFromFolder('ada/slow', folder), files: weightsOf(big) });
  const end = hub.fault({ match: { host: 'cdn' }, fault: { kind: 'slow', bytes: 65_536, everyMs: 40 } });
  const both = await Promise.all([1, 2].map(() => retraceProcess(['hub', 'fetch', 'ada/slow'], undefined, home)));
  end();
  for (const outcome of both) ok(outcome);
  expect(ofWeights()).toBeLessThan(1.1 * big);
});

test('without a cache to write to, a model is planned all the same, and a fetch says why there is none', async () => {
  const home = homeFor({ HF_HUB_CACHE: join(folder, 'config.json', 'hub') });
  ok(await run(home, 'plan', '--model', id));
  expect(await run(home, 'hub', 'fetch', id)).toMatchObject({ code: 1, stderr: expect.stringContaining('HF_HUB_CACHE') });
});

test('the hub is searched, known models are told without asking, and what is kept is listed and removed', async () => {
  const home = homeFor();
  expect(linesOf(ok(await run(home, 'hub', 'search', 'tiny', '--json')))).toEqual([
    expect.objectContaining({ type: 'model', id, supported: true }),
  ]);
  hub.clearRequests();
  const { stdout } = ok(await run(home, 'hub', 'known'));
  expect(stdout).toMatch(/bert/);
  expect(ok(await run(home, 'hub', 'list')).stdout).toBe('');
  expect(hub.requests).toEqual([]);
  ok(await run(home, 'hub', 'fetch', id));
  expect(ok(await run(home, 'hub', 'list')).stdout).toMatch(/ada\/tiny-bert +model +[0-9a-f]{7} +main/);
  expect(ok(await run(home, 'hub', 'remove', id)).stdout).toContain('removed: ada/tiny-bert');
  expect(existsSync(join(home['HF_HOME'] ?? '', 'hub', 'models--ada--tiny-bert'))).toBe(false);
  expect(await run(home, 'hub', 'remove', id)).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing of ada/tiny-bert') });
});

test.each([
  [[], 'list, search, known, fetch, remove'],
  [['forget'], 'list, search, known, fetch, remove'],
  [['fetch'], 'retrace hub fetch ID'],
  [['fetch', 'a', 'b'], 'retrace hub fetch ID'],
  [['fetch', 'a//b'], 'org/name'],
  [['search'], 'retrace hub search TEXT'],
])('retrace hub %j is wrong usage', async (args, remedy) => {
  expect(await run(homeFor(), 'hub', ...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(remedy) });
  expect(hub.requests).toEqual([]);
});

test('a folder wins over the hub, and a mistyped file is not asked for', async () => {
  const home = homeFor();
  const own = scratchFolder();
  tinyModel(own);
  ok(await run(home, 'plan', '--model', join(own, 'tiny')));
  expect(await run(home, 'inspect', 'ada/reviews.tsv')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no file or folder 'ada/reviews.tsv'"),
  });
  expect(hub.requests).toEqual([]);
  rmSync(own, { recursive: true });
  expect(readdirSync(home['HF_HOME'] ?? '')).toEqual([]);
});
