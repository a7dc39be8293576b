// Adapters to the hub and back by the command line; the hub is a double on loopback.

import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { type HubDouble, repoFromFolder, startHubDouble } from '../e2e/hub_double/server.ts';
import { linesOf, type Outcome, retrace, scratchFolder, tinyModel, topicsFile } from './testing.ts';

const token = 'hf_ada';
const hub: HubDouble = await startHubDouble({
  tokens: { [token]: { user: 'ada', canRead: 'all', canWrite: ['ada'] }, hf_read: { user: 'ada', canRead: 'all' } },
});
afterAll(() => hub.close());
beforeEach(() => hub.clearRequests());
hub.add(repoFromFolder('ada/tiny', tinyModel(scratchFolder()), { license: 'mit' }));

const home = { HF_HOME: scratchFolder(), HF_ENDPOINT: hub.endpoint, HF_HUB_OFFLINE: '', HF_TOKEN: token };
const run = (env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Outcome> => retrace(args, env);
const ok = (outcome: Outcome): Outcome => {
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome;
};

const out = join(scratchFolder(), 'topics');
const data = topicsFile(scratchFolder());
const training = (...more: readonly string[]) => [
  ...['train', '--model', 'ada/tiny', '--data', data, '--label-column', 'topic', '--method', 'lora'],
  ...['--batch-size', '4', '--max-steps', '2', '--json', ...more],
];

test('a push that can only fail is refused before training begins', async () => {
  const asked = training('--out', join(scratchFolder(), 'none'), '--push', 'ada/topics');
  const refused = await run({ ...home, HF_TOKEN: 'hf_read' }, ...asked);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('may read, but not write');
  expect(linesOf(refused).map(({ type }) => type)).toEqual(['error']);
  expect((await run(home, ...asked.slice(0, -1), 'topics')).code).toBe(2);
});

test('train --push puts the adapter there with its card; pushed again there is no commit', async () => {
  const trained = ok(await run(home, ...training('--out', out, '--push', 'ada/topics', '--private', '--self-test-texts', 'data')));
  const repo = hub.repo('ada/topics');
  expect(linesOf(trained).at(-1)).toMatchObject({ type: 'pushed', repo: 'ada/topics', visibility: 'private', commit: repo?.commit });
  expect(trained.stderr).toMatch(/self-test carries \d+ texts that are not made up, of your data/);
  const card = repo?.files().get('README.md');
  const text = Buffer.from(card?.read(0, card.size) ?? []).toString();
  expect(text).toContain('base_model: "ada/tiny"\nbase_model_relation: "adapter"');
  expect([...(repo?.files().keys() ?? [])].some((path) => path.startsWith('checkpoint'))).toBe(false);
  const again = ok(await run(home, 'hub', 'push', out, 'ada/topics'));
  expect(again.stdout).toBe(`unchanged: ${hub.endpoint}/ada/topics\n`);
  expect(hub.repo('ada/topics')?.commit).toBe(repo?.commit);
}, 60_000);

const predicting = (...more: readonly string[]) => ['predict', '--text', 'play my song', '--text', 'pay the bill', '--json', ...more];

test('an adapter by id predicts as it does from its folder, on the base that it names; once fetched it asks for nothing', async () => {
  const here = linesOf(ok(await run(home, ...predicting('--adapter', out))));
  const elsewhere = { ...home, HF_HOME: scratchFolder() };
  hub.clearRequests();
  const first = ok(await run(elsewhere, ...predicting('--adapter', 'ada/topics')));
  expect(linesOf(first).filter(({ type }) => type === 'prediction')).toEqual(here);
  expect(first.stderr).toMatch(/adapter: ada\/topics \(commit [0-9a-f]{7}\)/);
  expect(first.stderr).toMatch(/model: ada\/tiny \(commit [0-9a-f]{7}\): .* of it here/);
  expect(first.stderr).toContain('model: ada/tiny, as the adapter names it');
  hub.clearRequests();
  const again = ok(await run({ ...elsewhere, HF_HUB_OFFLINE: '1' }, ...predicting('--adapter', 'ada/topics@main')));
  expect(linesOf(again)).toEqual(here);
  const found = ok(await run({ ...elsewhere, HF_HUB_OFFLINE: '1' }, 'inspect', 'ada/topics'));
  expect(found.stdout).toContain("an adapter in PEFT's layout, written by Retrace");
  expect(hub.requests).toEqual([]);
}, 60_000);

test('train --adapter goes on from it, and is resumed without it', async () => {
  const on = join(scratchFolder(), 'on');
  const begun = ok(await run(home, ...training('--out', on, '--adapter', 'ada/topics', '--pause-after', '1')));
  expect(begun.stderr).toContain('start: from the adapter ada/topics');
  ok(await run({ ...home, HF_HUB_OFFLINE: '1' }, 'train', '--resume', '--out', on));
  const other = await run(home, ...training('--out', join(scratchFolder(), 'rank'), '--adapter', 'ada/topics', '--lora-alpha', '3'));
  expect([other.code, other.stderr]).toEqual([1, expect.stringMatching(/lora_alpha is \d+ there and 3 here/)]);
}, 60_000);

test('what is no adapter, and what is not there, are refused with what to do', async () => {
  const model = await run(home, ...predicting('--adapter', 'ada/tiny'));
  expect([model.code, model.stderr]).toEqual([1, expect.stringContaining('ada/tiny holds no adapter')]);
  const none = await run(home, ...predicting('--adapter', 'ada/none'));
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('There is no ada/none')]);
  const typed = await run(home, ...predicting('--adapter', 'none.zip'));
  expect([typed.code, typed.stderr]).toEqual([1, expect.stringContaining("no file or folder 'none.zip'")]);
});
