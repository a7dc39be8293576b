// Export and import of adapters. An export counts as done only after it was read back and gave the same logits.

import { taskNamed } from '../data/tasks.ts';
import type { AdapterArchive, AdapterConfig, AdapterExpectations, BaseNames, HyperParameters } from '../formats/adapter_archive.ts';
import { writeAdapterHub } from '../formats/adapter_hub/layout.ts';
import { adapterFileNames, readExported, writeExported } from '../formats/exported.ts';
import type { CardFacts } from '../formats/model_card.ts';
import { peftTypeOf } from '../formats/peft/layout.ts';
import type { RunRecord } from '../formats/records/log_history.ts';
import { runRecords } from '../formats/records/run_records.ts';
import { readZip, writeZip } from '../formats/zip.ts';
import { isHead } from '../methods/method.ts';
import { methodNamed, methods, resolveOptions } from '../methods/registry.ts';
import { singleStream } from '../methods/single_stream.ts';
import { defaultTraining, type MethodChoices, type MethodName, type Pooling } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import { textPositions } from '../protocol/lengths.ts';
import type { AdapterSource, ExportLayout, ExportResult, SelfTestTexts } from '../protocol/messages.ts';
import { planPrograms } from '../train/programs.ts';
import type { BaseModel } from './base_model.ts';
import type { Engine, EngineConfig } from './engine.ts';
import type { Evaluation } from './evaluation.ts';
import { predict, type TextToPredict } from './predict.ts';
import { selfTestNote, shortened } from './self_test_texts.ts';
import { type ResolvedMethod, resolveMethod, setupOf } from './setup.ts';
import { version } from './version.ts';

/** Logits of a re-imported adapter may differ by this much and no more. */
export const logitTolerance = 1e-4;

export interface ExportRequest {
  readonly engine: Engine;
  readonly name: string;
  readonly licence: string;
  readonly layout: ExportLayout;
  readonly config: EngineConfig;
  readonly dataset: CardFacts['dataset'];
  /** Of the self-test, and whose they are. */
  readonly texts: readonly TextToPredict[];
  readonly self_test_texts: SelfTestTexts;
  readonly evaluation: Evaluation | undefined;
  readonly device: string;
  /** What the run measured on its way. */
  readonly record: RunRecord;
}

type Values = Map<string, Float32Array<ArrayBuffer>>;

const largestDifference = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number =>
  a.reduce((most, row, i) => row.reduce((worst, x, j) => Math.max(worst, Math.abs(x - (b[i]?.[j] ?? Number.NaN))), most), 0);

/** Logits of each text as it has them by itself: in batches, unless the texts of a batch change each other's (the union of sparse adapters). */
async function logitsOfEach(engine: Engine, texts: readonly TextToPredict[]): Promise<number[][]> {
  const { method, backbone, options } = engine.setup;
  const alone = method.wire(backbone, options).wholeBatch === 'always';
  const rows: number[][] = [];
  for (const batch of alone ? texts.map((text) => [text]) : [texts]) {
    rows.push(...(await predict(engine, batch)).map(({ logits }) => [...logits]));
  }
  return rows;
}

const textsOf = (config: AdapterConfig) =>
  (config.self_test?.texts ?? []).map((text) => (typeof text === 'string' ? { text } : { text: text[0], text_pair: text[1] }));

function archiveOf({ engine, config, texts }: ExportRequest, values: Values, logits: readonly (readonly number[])[]): AdapterArchive {
  const { setup, model } = engine;
  const method = methodNamed(config.method);
  const used = Object.fromEntries(method.uses.map((key) => [key, setup.options[key]]));
  const shapes = new Map(engine.trainer.trainables.map(({ name, shape }) => [name, shape]));
  return {
    method: config.method,
    config: {
      format: 'retrace',
      format_version: 1,
      method: config.method,
      base_model: {
        name: model.name,
        model_type: setup.backbone.config.model_type,
        sha256: engine.sha256,
        dtype: setup.storedType('embeddings.word_embeddings.weight').toUpperCase(),
      },
      num_labels: setup.num_labels,
      pooling: setup.pooling,
      max_length: config.training.max_length,
      hyper_parameters: {
        ...used,
        dropout: config.training.dropout,
      } as AdapterConfig['hyper_parameters'],
      seed: config.training.seed,
      retrace_version: version,
      self_test: {
        texts: texts.map(({ text, text_pair }) => (text_pair === undefined ? text : ([text, text_pair] as [string, string]))),
        logits: logits.map((row) => [...row]),
      },
    },
    labels: engine.labels,
    tensors: new Map([...values].map(([name, data]) => [name, { shape: shapes.get(name) ?? [data.length], data }])),
  };
}

function cardFacts(request: ExportRequest): CardFacts {
  const { engine, name, licence, config, dataset, evaluation, device, texts, self_test_texts } = request;
  const { executor, setup, sha256, model } = engine;
  const { account } = executor.allocator;
  const method = methodNamed(config.method);
  const { training } = config;
  return {
    name,
    base_model: { name: model.name, sha256 },
    ...(licence === '' ? {} : { license: licence }),
    pipeline_tag: taskNamed('classification').pipeline_tag,
    method: method.title,
    dataset,
    metrics: Object.entries(evaluation?.metrics ?? {})
      .filter(([metric]) => metric !== 'loss')
      .map(([metric, value]) => ({
        name: metric,
        title: taskNamed('classification').metrics.find((known) => known.name === metric)?.title ?? metric,
        value,
      })),
    labels: engine.labels,
    hyper_parameters: [
      ...method.uses.map((key) => [key, setup.options[key]] as const),
      ...(['learning_rate', 'batch_size', 'max_steps', 'warmup_ratio', 'weight_decay', 'max_grad_norm', 'dropout', 'seed'] as const).map(
        (key) => [key, training[key]] as const,
      ),
    ],
    notes: [
      ['classifier', engine.classifier.text],
      ['memory policy', config.policy],
      ['GPU bytes, planned', String(executor.plan.total)],
      ['GPU bytes, allocated', String(account.total)],
      ['self-test', selfTestNote(self_test_texts, texts.length)],
      ['device', device],
      ['Retrace', version],
    ],
  };
}

/** The zip of the trained adapter, read back and compared. Errors: `export-differs`, `not-adapter-hub`. */
export async function exportAdapter(asked: ExportRequest): Promise<ExportResult> {
  const { engine, name, config } = asked;
  const planned = engine.buckets.at(-1) ?? 0;
  const fits = ({ text, text_pair }: TextToPredict) =>
    engine.tokenizer.encode(text, text_pair, config.training.max_length).input_ids.length <= planned;
  const texts = shortened(asked.texts, fits);
  const request = { ...asked, texts };
  const values = await engine.trainer.read('parameter');
  const before = await logitsOfEach(engine, texts);
  const archive = archiveOf(request, values, before);
  const facts = cardFacts(request);
  const hub = request.layout === 'adapter-hub';
  const own = hub ? writeAdapterHub(archive, facts, engine.setup.backbone.config) : writeExported(archive, facts);
  const zip = writeZip([...own, ...runRecords(request.record)]);
  const type = peftTypeOf(archive);
  const again = await readExported(readZip(name, zip), {
    ...expectationsOn(engine.model, engine.sha256),
    tensorsOf: () => engine.trainer.trainables.map(({ name: tensor, shape }) => ({ name: tensor, shape })),
  });
  engine.trainer.setParameters(valuesOf(again));
  const after = await logitsOfEach(engine, texts);
  const largest_difference = largestDifference(before, after);
  if (!(largest_difference <= logitTolerance)) {
    throw new RetraceError({
      code: 'export-differs',
      message: `The exported adapter gives logits that differ by ${largest_difference} from those of the trained model (allowed: ${logitTolerance}).`,
      where: name,
      remedy: 'The export was not kept. Please report this.',
    });
  }
  const layout = typeof type === 'string' && !hub ? { not_peft: type } : {};
  return {
    file_name: `${name}.zip`,
    zip,
    ...layout,
    verified: { texts: texts.length, largest_difference },
    self_test_texts: request.self_test_texts,
  };
}

/** Values of an archive by parameter name. */
export const valuesOf = ({ tensors }: AdapterArchive): Values =>
  new Map(
    [...tensors].map(([name, { data }]) => [
      name,
      data.buffer instanceof ArrayBuffer ? (data as Float32Array<ArrayBuffer>) : Float32Array.from(data),
    ]),
  );

/** What of an adapter's configuration decides the programs. */
export function engineConfigOf(config: AdapterConfig): EngineConfig {
  const method = methodNamed(config.method);
  const chosen: MethodChoices = Object.fromEntries(
    Object.entries(config.hyper_parameters).filter(([key]) => (method.uses as readonly string[]).includes(key)),
  );
  return {
    method: config.method as MethodName,
    policy: method.defaultPolicy,
    checkpoint_every: 1,
    options: chosen,
    pooling: config.pooling as Pooling,
    training: { ...defaultTraining, max_length: config.max_length, dropout: 0 },
  };
}

/** The programs of one short text under such a configuration: enough to know what there is. */
function outlineOf(model: BaseModel, engine: EngineConfig, num_labels: number, resolved: ResolvedMethod) {
  return planPrograms(
    setupOf({
      model,
      resolved,
      memory: engine,
      pooling: engine.pooling,
      num_labels,
      batch_size: 1,
      lengths: [8],
      dropout: 0,
      optimizer: engine.training,
      purposes: ['evaluation'],
    }),
  ).registry;
}

/** Tensors that an adapter of this configuration must hold on this base. */
export function expectedTensors(model: BaseModel, config: AdapterConfig): { name: string; shape: readonly number[] }[] {
  const engine = engineConfigOf(config);
  const registry = outlineOf(model, engine, config.num_labels, resolveMethod(engine.method, engine.policy, engine.options));
  return [...registry.parameters.values()].filter(({ trainable }) => trainable).map(({ name, shape }) => ({ name, shape }));
}

/** What a base calls its dense layers and parameters, under the head that Transformers gives it. */
export function namesOf(model: BaseModel): BaseNames {
  const dense: string[] = [];
  const adapts = ({ path }: { readonly path: string }) => {
    dense.push(path);
    return false;
  };
  const { method, options, policy } = resolveMethod('linear-probe', 'store', {});
  const engine: EngineConfig = { method: method.name, policy, checkpoint_every: 1, options: {}, pooling: 'cls', training: defaultTraining };
  const looking = { ...method, wire: () => singleStream({ linear: { adapts } }) };
  const { parameters } = outlineOf(model, engine, 1, { method: looking, options, policy });
  return { dense, parameters: [...parameters.keys()].filter((name) => !isHead(name)) };
}

/** The longest text that an adapter's method takes on this base. */
const positionsOn =
  (model: BaseModel) =>
  (name: string, { num_virtual_tokens }: HyperParameters): number => {
    const method = methodNamed(name);
    const preset = resolveOptions(method, {}).num_virtual_tokens;
    const options = { num_virtual_tokens: Number(num_virtual_tokens ?? preset) };
    return textPositions(model.backbone().config.max_position_embeddings, method, options);
  };

/** What an adapter may weigh; a whole model trained is one too. */
const mostBytes = 2 ** 30;

/** The files of an adapter, wherever they come from; what it is not made of is not read. Errors: `adapter-too-large`, `zip-*`. */
export async function filesOf(source: AdapterSource): Promise<Map<string, Uint8Array>> {
  if ('zip' in source) return readZip('adapter.zip', new Uint8Array(await source.zip.arrayBuffer()));
  const own = source.files.filter(({ path }) => adapterFileNames.includes(path.slice(path.lastIndexOf('/') + 1)));
  const size = own.reduce((sum, { blob }) => sum + blob.size, 0);
  if (size > mostBytes) {
    throw new RetraceError({
      code: 'adapter-too-large',
      message: `The adapter's files have ${size} bytes; at most ${mostBytes} are read.`,
      where: 'adapter',
      remedy: 'Choose the folder of one adapter, without the model.',
    });
  }
  return new Map(await Promise.all(own.map(async ({ path, blob }) => [path, new Uint8Array(await blob.arrayBuffer())] as const)));
}

/** What an adapter for this base must fit. `sha256` of the base's checkpoint, where it is known by now. */
const expectationsOn = (model: BaseModel, sha256: string | undefined): AdapterExpectations => ({
  methods: methods.map((method) => method.name),
  base: { name: model.name, ...(sha256 === undefined ? {} : { sha256 }) },
  names: () => namesOf(model),
  positionsOf: positionsOn(model),
  tensorsOf: (config) => expectedTensors(model, config),
});

/** Reads an adapter for this base. `sha256` of the base's checkpoint, where it is known by now. */
export const readAdapterFor = (
  files: ReadonlyMap<string, Uint8Array>,
  model: BaseModel,
  sha256: string | undefined,
): Promise<AdapterArchive> => readExported(files, expectationsOn(model, sha256));

/** Recorded logits of an adapter's self-test against those computed here. */
export async function runSelfTest(engine: Engine, config: AdapterConfig) {
  const asked = textsOf(config);
  const computed = await logitsOfEach(engine, asked);
  const recorded = config.self_test?.logits ?? [];
  return { texts: asked.map(({ text }) => text), recorded, computed, largest_difference: largestDifference(recorded, computed) };
}
