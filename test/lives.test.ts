// Every method through the life of a session: train, go on from a checkpoint elsewhere, export, import elsewhere. A method of the registry is covered
// by being there: on BERT, and with RETRACE_EXPORTS=FOLDER on every architecture, whose exports, merged models and base it leaves there, for
// python/check_exports.py and python/check_merged.py. Else the other architectures have a few lives each, which differ in where exports put things.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeSafetensors } from '../src/formats/safetensors.ts';
import { readSelfTestPictures } from '../src/formats/self_test_pictures.ts';
import { readZip } from '../src/formats/zip.ts';
import type { Method } from '../src/methods/method.ts';
import { methods } from '../src/methods/registry.ts';
import { defaultTraining, type MethodChoices, type MethodName, type Pooling, type RunConfig } from '../src/protocol/config.ts';
import type { MergeResult, Prediction } from '../src/protocol/messages.ts';
import type { RunStore, StoredRun } from '../src/session/host.ts';
import { readParameters, readState } from '../src/session/run/checkpoint.ts';
import { Session } from '../src/session/session.ts';
import { differingNames, livedShape, smallChoices } from './outcome.ts';
import { drawnTypes, randomBackbone, randomModelFiles } from './random_model.ts';
import { classFolders, pictureOf } from './small_pictures.ts';
import { testHost } from './testing.ts';

const models = new Map(drawnTypes.map((type) => [type, randomModelFiles(livedShape, {}, type)]));
const asked = ['turn on the light', 'book a flight to a far place'];
const examples = Array.from({ length: 8 }, (_, i) => `${asked[i % 2]} number ${i}\t${i % 2 ? 'travel' : 'home'}`);
const data = { kind: 'file', name: 'tiny.tsv', blob: new Blob([`text\tlabel\n${examples.join('\n')}\n`]) } as const;
const given = asked.map((text) => ({ text }));
const pictures: RunConfig['data'] = { kind: 'pictures', name: 'tiny', files: classFolders(['home', 'travel'], 4) };
const shown = ['home', 'travel'].map((name) => ({ text: `another of ${name}`, picture: pictureOf(name, 9) }));

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

interface Architecture {
  /** What its own classifier reads. */
  readonly pooling: Pooling;
  /** Parts of its layers: a module that LoRA adapts by default, and all of one in the upper layer; a norm. */
  readonly places: readonly [adapted: string, inUpperLayer: string, norm: string];
  /** Methods that go through their lives with every run of the tests. */
  readonly always: readonly MethodName[];
}

const likeBert = { pooling: 'cls', places: ['value', 'layer.1.attention.self.query', 'attention.output.LayerNorm'] } as const;
const architectures: Readonly<Record<string, Architecture>> = {
  bert: { ...likeBert, always: methods.map(({ name }) => name) },
  roberta: { ...likeBert, always: ['lora', 'meft1', 'ia3'] },
  distilbert: {
    pooling: 'cls',
    places: ['v_lin', 'layer.1.attention.q_lin', 'sa_layer_norm'],
    always: ['lora', 'meft1', 'prompt-tuning'],
  },
  gpt2: { pooling: 'last', places: ['c_attn', 'h.1.attn.c_attn', 'ln_1'], always: ['lora', 'meft1', 'prefix-tuning'] },
  opt: { pooling: 'last', places: ['v_proj', 'layers.1.self_attn.q_proj', 'self_attn_layer_norm'], always: ['lora', 'meft1', 'ia3'] },
  bart: {
    pooling: 'last',
    places: ['v_proj', 'decoder.layers.0.encoder_attn.q_proj', 'encoder_attn_layer_norm'],
    always: ['lora', 'meft1', 'ia3'],
  },
  vit: { pooling: 'cls', places: ['v_proj', 'layers.1.attention.q_proj', 'layernorm_before'], always: ['lora', 'meft1', 'ia3', 'full'] },
  deit: { pooling: 'cls', places: ['v_proj', 'layers.1.attention.q_proj', 'layernorm_before'], always: ['lora', 'prompt-tuning'] },
};
/** A resumed run sees the parts of pictures that it would have seen. */
const seenByChance = { random_resized_crop: 0.3, random_horizontal_flip: true };

/** Those that look at pictures. */
const ofPictures: readonly string[] = ['vit', 'deit'];

interface Kind {
  readonly as: string;
  readonly pooling: Pooling;
  readonly options: MethodChoices;
}

/** Two lives of each method: as it is by default, and with the other value of every choice that has few; a third of what only LoRA has. */
function kindsOf({ pooling, places: [adapted, inUpperLayer, norm] }: Architecture, { uses }: Method): readonly Kind[] {
  const options: MethodChoices = {
    streams: 'float',
    final_combination: 'weighted',
    adapter_layer_norm: true,
    bias: 'all',
    use_rslora: true,
    rank_pattern: [`${adapted}=2`],
    alpha_pattern: [`${inUpperLayer}=3`],
    modules_to_save: [norm],
    rnn_type: 'lstm',
    joiner: true,
    activation_rule: 'union',
  };
  return [
    { as: pooling, pooling, options: { streams: 'fixed', target_modules: ['all-linear'] } },
    { as: 'mean', pooling: 'mean', options },
    ...(uses.includes('rank_pattern') ? [{ as: 'patterns', pooling, options }] : []),
  ];
}

const folder = process.env['RETRACE_EXPORTS'];
const lives = [...models].flatMap(([type, model]) => {
  const architecture = architectures[type];
  if (architecture === undefined) throw new Error(`there is no row of ${type}`);
  return methods
    .filter((method) => folder !== undefined || architecture.always.includes(method.name))
    .filter((method) => !method.refusesModel?.(randomBackbone(livedShape, type)))
    .flatMap((method) =>
      kindsOf(architecture, method).map((kind) => [`${method.name}-${kind.as}`, type, { model, method, ...kind }] as const),
    );
});

if (folder) {
  for (const [type, { files }] of models) {
    mkdirSync(join(folder, type, 'base'), { recursive: true });
    for (const { path, blob } of files) writeFileSync(join(folder, type, 'base', path), await blob.bytes());
  }
}

const furthest = (some: readonly Prediction[], others: readonly Prediction[]): number =>
  Math.max(...some.flatMap(({ logits }, i) => logits.map((x, j) => Math.abs(x - (others[i]?.logits[j] ?? Number.NaN)))));

/** A merged model's folder. */
async function writeMerged(root: string, files: MergeResult['files']): Promise<void> {
  mkdirSync(root, { recursive: true });
  for (const { path, blob } of files) writeFileSync(join(root, path), await blob.bytes());
}

/** Beside it the texts, and the logits that it must give of them. */
function writeExpected(root: string, predicted: readonly Prediction[]): void {
  writeFileSync(
    `${root}.json`,
    JSON.stringify({ texts: predicted.map(({ text }) => text), logits: predicted.map(({ logits }) => logits) }),
  );
}

/** Likewise of pictures: those of the adapter's self-test, as they enter the model, [n, 3, S, S]. */
async function writeExpectedOfPictures(root: string, archive: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const jsonOf = (path: string) => JSON.parse(new TextDecoder().decode(archive.get(path)));
  const { logits, rescale_factor, image_mean, image_std } = archive.has('self_test.json')
    ? jsonOf('self_test.json')
    : jsonOf('adapter_config.json').self_test;
  const pixels = (await readSelfTestPictures(archive, logits.length)) ?? [];
  const S = Math.sqrt((pixels[0]?.length ?? 0) / 3);
  const values = pixels.flatMap((picture) =>
    [0, 1, 2].flatMap((c) =>
      Array.from({ length: S * S }, (_, i) => ((picture[3 * i + c] as number) * rescale_factor - image_mean[c]) / image_std[c]),
    ),
  );
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  const tensor = { name: 'pixel_values', dtype: 'F32', shape: [pixels.length, 3, S, S], bytes } as const;
  writeFileSync(`${root}.safetensors`, writeSafetensors([tensor], { format: 'pt' }));
  writeFileSync(`${root}.json`, JSON.stringify({ logits }));
}

test.each(lives)(
  '%s on %s: a resumed run is the uninterrupted one, bit for bit, and its export and its merged model give its logits',
  async (name, type, { model, method, pooling, options }) => {
    const looks = ofPictures.includes(type);
    const read = looks ? pictures : data;
    const texts = looks ? shown : given;
    const config: RunConfig = {
      ...{
        model,
        pooling,
        data: read,
        eval_data: read,
        task: looks ? 'image_classification' : 'classification',
        method: method.name,
        policy: method.defaultPolicy,
        checkpoint_every: 1,
      },
      options: { ...smallChoices, ...options },
      training: {
        ...defaultTraining,
        ...(looks ? seenByChance : {}),
        batch_size: 4,
        max_length: 16,
        max_steps: 4,
        eval_steps: 2,
        save_steps: 2,
        learning_rate: 0.1,
      },
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
    if (folder) writeFileSync(join(folder, type, file_name), zip);
    const written = JSON.parse(new TextDecoder().decode(readZip(name, zip).get('adapter_config.json')));
    const history = JSON.parse(new TextDecoder().decode(readZip(name, zip).get('trainer_state.json')));
    expect(history).toMatchObject({ global_step: 4, log_history: { length: 7 } });
    // PEFT gives a prefix as past keys and values, which Transformers' DistilBERT does not take.
    // And it knows no virtual tokens of pictures.
    const virtual = method.uses.includes('num_virtual_tokens');
    if (method.peft && !(type === 'distilbert' && method.name === 'prefix-tuning') && !(looks && virtual))
      expect(written.peft_type).toBe(method.peft);
    else expect(written).toMatchObject({ format: 'retrace', method: method.name });

    const imported = await other.calls.importAdapter({ zip: new Blob([Uint8Array.from(zip)]), model });
    expect(imported.method).toBe(method.name);
    expect(furthest(await other.calls.predict({ texts }), before)).toBeLessThanOrEqual(1e-4);

    const { refusal } = await other.calls.mergePlan(undefined);
    const merging = other.calls.mergeModel({ name, licence: 'apache-2.0', type: 'base', packing: 'folder' });
    if (!method.merged || pooling === 'mean') {
      expect(refusal).toMatchObject({ code: 'merge-refused', where: method.merged ? 'pooling' : 'method' });
      return expect(merging).rejects.toMatchObject({ code: 'merge-refused' });
    }
    expect(refusal).toBeUndefined();
    const { files, verified } = await merging;
    expect(verified.largest_difference).toBeLessThanOrEqual(1e-4);
    if (folder) {
      const root = join(folder, type, 'merged', name);
      await writeMerged(root, files);
      await (looks ? writeExpectedOfPictures(root, readZip(name, zip)) : writeExpected(root, before));
    }
    const opened = await other.calls.openClassifier({ model: { kind: 'files', name, files: [...files] }, max_length: 16 });
    expect(opened).toMatchObject({ method: 'linear-probe', task: config.task, labels: ['home', 'travel'] });
    expect(furthest(await other.calls.predict({ texts }), before)).toBeLessThanOrEqual(1e-4);
  },
);
