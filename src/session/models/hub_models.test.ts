// Sessions on models of the hub, against a hub of our own: planned by ranges, fetched for a run, found again by an adapter.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HubDouble, startHubDouble } from '../../../e2e/hub_double/server.ts';
import { randomModelFiles } from '../../../test/random_model.ts';
import { testHost } from '../../../test/testing.ts';
import { Hub } from '../../hub/hub.ts';
import type { HubStore } from '../../hub/store.ts';
import { memoryStore } from '../../hub/testing.ts';
import { defaultTraining, type ModelRef } from '../../protocol/config.ts';
import type { RunEvent } from '../../protocol/messages.ts';
import type { RunStore, StoredRun } from '../host.ts';
import { Session } from '../session.ts';
import { supportOf } from './hub_models.ts';

let double: HubDouble;
const model: ModelRef = { kind: 'hub', name: 'org/small' };

beforeAll(async () => {
  double = await startHubDouble();
  const { files } = randomModelFiles({
    ...{
      num_hidden_layers: 2,
      hidden_size: 128,
      num_attention_heads: 2,
      intermediate_size: 256,
      vocab_size: 3000,
      max_position_embeddings: 64,
    },
  });
  const contents = await Promise.all(files.map(async ({ path, blob }) => [path, new Uint8Array(await blob.arrayBuffer())] as const));
  double.add({
    id: 'org/small',
    files: { ...Object.fromEntries(contents), 'vocab.txt': '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n' },
    license: 'mit',
  });
});
afterAll(() => double.close());

function sessionOn(store: HubStore, runs?: RunStore) {
  const events: RunEvent[] = [];
  const hub = new Hub({ store, endpoint: double.endpoint });
  return { session: new Session({ ...testHost(runs), hub }, (event) => events.push(event)), events };
}

/** The last checkpoint, and nothing else. */
function lastRun(): RunStore & { last: StoredRun | undefined } {
  const runs = {
    last: undefined as StoredRun | undefined,
    async save(run: StoredRun) {
      runs.last = run;
      return { path: 'memory' };
    },
    load: async () => runs.last,
    list: async () => (runs.last ? [runs.last.summary] : []),
    async delete() {},
  };
  return runs;
}

const plan = {
  model,
  num_labels: 2,
  method: 'meft1',
  options: {},
  policy: 'reversible',
  batch_size: 2,
  length: 16,
  dropout: 0.1,
  checkpoint_every: 1,
} as const;

test('a model is described and planned by its configuration and the header of its weights, and then fetched once', async () => {
  double.clearRequests();
  const store = memoryStore();
  const { session, events } = sessionOn(store);
  const report = await session.calls.plan(plan);
  const described = await session.calls.describeModel({ model });
  expect(described).toMatchObject({ name: 'org/small', model_type: 'bert', missing: [] });
  const { kept, bytes, licence } = await session.calls.fetchPlan({ model });
  expect(licence).toBe('mit');
  const fetched = await session.calls.fetchModel({ model });
  expect(fetched.kept).toBe(bytes);
  expect(kept).toBeLessThan(bytes);
  expect(events.at(-1)).toMatchObject({ type: 'fetching', state: 'fetched', done: bytes, of: bytes });
  double.clearRequests();
  const later = sessionOn(store).session;
  expect((await later.calls.plan(plan)).bytes).toEqual(report.bytes);
  expect((await later.calls.keptRepos(undefined)).repos).toMatchObject([{ id: 'org/small', whole: true }]);
  expect(double.requests).toEqual([]);
  expect((await later.calls.removeKept({ type: 'model', id: 'org/small' })).repos).toEqual([]);
});

test('a run remembers the commit and the weights; where that model is gone, one that is kept with the same weights is used', async () => {
  const [store, runs] = [memoryStore(), lastRun()];
  const twin = double.repo('org/small');
  double.add({ id: 'org/twin', files: Object.fromEntries([...(twin?.files() ?? [])].map(([path, file]) => [path, file])) });
  const rows = Array.from({ length: 40 }, (_, i) => `${'ab'.charAt(i % 2)} ${'b '.repeat(i % 3)},${i % 2}`).join('\n');
  const { session } = sessionOn(store, runs);
  const training = { ...defaultTraining, max_steps: 2, batch_size: 4, max_length: 16 };
  await session.calls.start({
    ...{ model, data: { kind: 'file', name: 'rows.csv', blob: new Blob([`text,label\n${rows}\n`]) } },
    ...{ task: 'classification', method: 'linear-probe', policy: 'store', checkpoint_every: 1, options: {}, training },
  });
  const commit = twin?.commit;
  expect(runs.last?.config.model).toEqual({ ...model, commit });
  expect(runs.last?.summary.hub_model).toMatchObject({ name: 'org/small', commit, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  await session.calls.removeKept({ type: 'model', id: 'org/small' });
  await session.calls.fetchModel({ model: { kind: 'hub', name: 'org/twin' } });
  double.clearRequests();
  const later = sessionOn(store, runs);
  await later.session.calls.resume({ id: 'any' });
  expect(later.events.find(({ type }) => type === 'finished')).toBeDefined();
  expect(double.requests).toEqual([]);
});

test.each([
  [{ config: { model_type: 'bert' } }, true],
  [{ config: { model_type: 'bert' }, siblings: ['config.json', 'pytorch_model.bin'] }, true],
  [{ config: { model_type: 'gpt2' } }, true],
  [{ config: { model_type: 'albert' } }, /albert/],
  [{ siblings: ['adapter_config.json', 'adapter_model.safetensors'] }, /adapter/],
  [{ config: { model_type: 'bert' }, siblings: ['config.json', 'model.gguf'] }, /\.gguf alone/],
  [{ siblings: ['pytorch_model.bin'] }, /no config\.json/],
  [{ config: { model_type: 'bert' }, library_name: 'diffusers' }, /diffusers/],
])('%j is supported, or says why not', (facts, expected) => {
  const { siblings, ...rest } = facts as { siblings?: string[] };
  const support = supportOf({ id: 'a/b', ...rest, ...(siblings ? { siblings: siblings.map((rfilename) => ({ rfilename })) } : {}) });
  if (expected instanceof RegExp) expect(support).toMatch(expected);
  else expect(support).toBe(true);
});
