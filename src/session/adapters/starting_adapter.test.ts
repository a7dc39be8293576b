// Training on from an adapter: the run begins at its very logits, or is refused with what differs.

import { expect, test } from 'vitest';
import { livedShape, smallChoices, smallShape } from '../../../test/outcome.ts';
import { bundledVocabulary, randomModelFiles } from '../../../test/random_model.ts';
import { testHost } from '../../../test/testing.ts';
import { readZip, writeZip } from '../../formats/zip.ts';
import { defaultTraining, type MethodName, type RunConfig } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { RunStore, StoredRun } from '../host.ts';
import { Session } from '../session.ts';

const model = randomModelFiles(livedShape);
const asked = ['turn on the light', 'book a flight to a far place'];
const tableOf = (labels: readonly [string, string]) => {
  const rows = Array.from({ length: 8 }, (_, i) => `${asked[i % 2]} number ${i}\t${labels[i % 2]}`);
  return { kind: 'file', name: 'tiny.tsv', blob: new Blob([`text\tlabel\n${rows.join('\n')}\n`]) } as const;
};
const data = tableOf(['home', 'travel']);
const texts = asked.map((text) => ({ text }));

const kept: StoredRun[] = [];
const runs: RunStore = {
  async save(run) {
    kept.push(run);
    return { path: '' };
  },
  load: async () => kept.at(-1),
  list: async () => [],
  async delete() {},
};
const session = new Session(testHost(runs), () => undefined);

const configOf = (method: MethodName, training: Partial<RunConfig['training']>, more: Partial<RunConfig> = {}): RunConfig => ({
  ...{ model, pooling: 'cls', data, eval_data: data, task: 'classification', method, policy: 'store', checkpoint_every: 1 },
  options: smallChoices,
  ...more,
  training: {
    ...defaultTraining,
    batch_size: 4,
    max_length: 16,
    max_steps: 2,
    eval_steps: 0,
    save_steps: 1,
    learning_rate: 0.1,
    ...training,
  },
});
/** Steps that change nothing that a logit shows. */
const still = { learning_rate: 1e-9, max_steps: 2 };

const blobOf = (zip: Uint8Array): { zip: Blob } => ({ zip: new Blob([Uint8Array.from(zip)]) });
const logits = async () => (await session.calls.predict({ texts })).flatMap((one) => [...one.logits]);
const distance = (a: readonly number[], b: readonly number[]) => Math.max(...a.map((x, i) => Math.abs(x - (b[i] ?? Number.NaN))));

async function trained(method: MethodName) {
  await session.calls.start(configOf(method, {}));
  const { zip } = await session.calls.exportAdapter({ name: method, licence: '' });
  return { zip, logits: await logits() };
}

test.each(['lora', 'meft1'] as const)('%s: a run begins at the logits of its adapter, and is resumed without it', async (method) => {
  const before = await trained(method);
  await session.calls.start(configOf(method, still));
  expect(distance(await logits(), before.logits), 'without the adapter').toBeGreaterThan(1e-3);

  kept.length = 0;
  await session.calls.start(configOf(method, still, { init_adapter: blobOf(before.zip) }));
  expect(distance(await logits(), before.logits)).toBeLessThanOrEqual(1e-4);
  const half = kept.find(({ summary }) => summary.step === 1) as StoredRun;
  // Nobody could read this one.
  kept.push({ ...half, config: { ...half.config, init_adapter: { hub: 'nobody/none' } } });
  await session.calls.resume({ id: half.summary.id });
  expect(distance(await logits(), before.logits)).toBeLessThanOrEqual(1e-4);
});

test('an adapter of another kind is refused with what differs', async () => {
  const { zip } = await trained('lora');
  const files = readZip('lora', zip);
  const labels = new TextEncoder().encode(JSON.stringify({ labels: ['travel', 'home'] }));
  const turned = writeZip([...files].map(([path, bytes]) => ({ path, bytes: path === 'labels.json' ? labels : bytes })));
  const init_adapter = blobOf(zip);
  const refusal = (config: RunConfig): Promise<unknown> =>
    session.calls.start(config).then(
      () => 'none',
      (thrown: unknown) => (thrown instanceof RetraceError ? `${thrown.code}: ${thrown.message}` : thrown),
    );
  const lora = (more: Partial<RunConfig>) => configOf('lora', still, { init_adapter, ...more });
  expect(await refusal(configOf('linear-probe', still, { init_adapter }))).toMatch(
    /^other-adapter: .* one of lora, and the run trains linear-probe/,
  );
  expect(await refusal(lora({ options: { ...smallChoices, lora_alpha: 7 } }))).toMatch(
    /^other-adapter: .*lora_alpha is .* there and 7 here/,
  );
  expect(await refusal(lora({ pooling: 'mean' }))).toMatch(/^other-adapter: .* pools by cls, and the run by mean/);
  expect(await refusal(lora({ init_adapter: blobOf(turned) }))).toMatch(/another order \(travel, home\)/);
  const others = tableOf(['house', 'travel']);
  expect(await refusal(lora({ data: others, eval_data: others }))).toMatch(/^other-adapter: .* its labels are home, travel \(2\)/);
  expect(await refusal(lora({ options: { ...smallChoices, target_modules: ['value'] } }))).toMatch(
    /^other-adapter: .* tensors, and the run trains/,
  );
  const elsewhere = randomModelFiles({
    ...smallShape,
    num_hidden_layers: 2,
    vocab_size: bundledVocabulary,
    hidden_size: 2 * smallShape.hidden_size,
  });
  expect(await refusal(lora({ model: elsewhere }))).not.toBe('none');
});
