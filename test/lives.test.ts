// Every method through the life of a session: train, go on from a checkpoint elsewhere, export, import elsewhere. A method of the registry is covered
// by being there. With RETRACE_EXPORTS=FOLDER it leaves the exports and their base model there, for python/check_exports.py.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readZip } from '../src/formats/zip.ts';
import { methods } from '../src/methods/registry.ts';
import { defaultTraining, type MethodChoices, type Pooling, type RunConfig } from '../src/protocol/config.ts';
import { readParameters, readState } from '../src/session/checkpoint.ts';
import type { RunStore, StoredRun } from '../src/session/host.ts';
import { Session } from '../src/session/session.ts';
import { differingNames, smallChoices, smallShape } from './outcome.ts';
import { bundledVocabulary, randomModelFiles } from './random_model.ts';
import { testHost } from './testing.ts';

const model = randomModelFiles({ ...smallShape, num_hidden_layers: 2, vocab_size: bundledVocabulary });
const asked = ['turn on the light', 'book a flight to a far place'];
const examples = Array.from({ length: 8 }, (_, i) => `${asked[i % 2]} number ${i}\t${i % 2 ? 'travel' : 'home'}`);
const data = { kind: 'file', name: 'tiny.tsv', blob: new Blob([`text\tlabel\n${examples.join('\n')}\n`]) } as const;
const texts = asked.map((text) => ({ text }));

/** Keeps every checkpoint that it is given. */
class Checkpoints implements RunStore {
  readonly kept: StoredRun[] = [];
  async save(run: StoredRun) {
    this.kept.push(run);
    return { path: '' };
  }
  load = async (id: string) => this.kept.findLast(({ summary }) => summary.id === id);
  list = async () => this.kept.map(({ summary }) => summary);
  async delete() {}
}

// Two sessions that share nothing but the device, so that a kernel is compiled once.
const [here, there] = [new Checkpoints(), new Checkpoints()];
const [one, other] = [here, there].map((runs) => new Session(testHost(runs), () => undefined)) as [Session, Session];

/** Two lives of each method: as it is by default, and with the other value of every choice that has few. */
const kinds: readonly { pooling: Pooling; options: MethodChoices }[] = [
  { pooling: 'cls', options: { streams: 'fixed', target_modules: ['all-linear'] } },
  {
    pooling: 'mean',
    options: {
      streams: 'float',
      final_combination: 'weighted',
      adapter_layer_norm: true,
      bias: 'all',
      use_rslora: true,
      rank_pattern: ['value=2'],
      alpha_pattern: ['layer.1.attention.self.query=3'],
      modules_to_save: ['attention.output.LayerNorm'],
      rnn_type: 'lstm',
      joiner: true,
      activation_rule: 'union',
    },
  },
];
const lives = methods.flatMap((method) => kinds.map((kind) => [`${method.name}-${kind.pooling}`, method, kind] as const));

const folder = process.env['RETRACE_EXPORTS'];
if (folder) {
  mkdirSync(join(folder, 'base'), { recursive: true });
  for (const { path, blob } of model.files) writeFileSync(join(folder, 'base', path), await blob.bytes());
}

test.each(lives)(
  '%s: a resumed run is the uninterrupted one, bit for bit, and its export gives its logits',
  async (name, method, { pooling, options }) => {
    const config: RunConfig = {
      ...{
        model,
        pooling,
        data,
        eval_data: data,
        task: 'classification',
        method: method.name,
        policy: method.defaultPolicy,
        checkpoint_every: 1,
      },
      options: { ...smallChoices, ...options },
      training: { ...defaultTraining, batch_size: 4, max_length: 16, max_steps: 4, eval_steps: 2, save_steps: 2, learning_rate: 0.1 },
    };
    here.kept.length = there.kept.length = 0;
    await one.calls.start(config);
    const [half, whole] = here.kept as [StoredRun, StoredRun];
    expect([half.summary.step, whole.summary.step]).toEqual([2, 4]);

    there.kept.push(half);
    await other.calls.resume({ id: half.summary.id });
    const resumed = there.kept.at(-1) as StoredRun;
    expect(resumed.summary).toMatchObject({ step: 4, finished: true });
    const [a, b] = [await readState(whole.state), await readState(resumed.state)];
    expect(differingNames(a.parameters, b.parameters)).toEqual([]);
    expect(differingNames(a.parameters, (await readState(half.state)).parameters)).not.toEqual([]);
    expect([...a.states.keys()]).toEqual([...b.states.keys()]);
    for (const [kind, values] of a.states) expect(differingNames(values, b.states.get(kind) ?? new Map()), kind).toEqual([]);
    const best = await Promise.all([whole, resumed].map(({ best }) => readParameters(best as Uint8Array)));
    expect(differingNames(...(best as [typeof a.parameters, typeof a.parameters]))).toEqual([]);

    const before = await one.calls.predict({ texts });
    const { zip, file_name } = await one.calls.exportAdapter({ name, licence: 'apache-2.0' });
    if (folder) writeFileSync(join(folder, file_name), zip);
    const written = JSON.parse(new TextDecoder().decode(readZip(name, zip).get('adapter_config.json')));
    const history = JSON.parse(new TextDecoder().decode(readZip(name, zip).get('trainer_state.json')));
    expect(history).toMatchObject({ global_step: 4, log_history: { length: 7 } });
    if (method.peft) expect(written.peft_type).toBe(method.peft);
    else expect(written).toMatchObject({ format: 'retrace', method: method.name });

    const imported = await other.calls.importAdapter({ zip: new Blob([Uint8Array.from(zip)]), model });
    expect(imported.method).toBe(method.name);
    const after = await other.calls.predict({ texts });
    const far = after.flatMap(({ logits }, i) => logits.map((x, j) => Math.abs(x - (before[i]?.logits[j] ?? Number.NaN))));
    expect(Math.max(...far)).toBeLessThanOrEqual(1e-4);
  },
);
