// Exporting an adapter: the trained values written with configuration, labels, card and records. Not here: which files a layout has (src/formats).
// Invariant: an export counts as done only after it was read back and gave the same logits.

import type { AdapterArchive, AdapterConfig } from '../../formats/adapter_archive.ts';
import { requireAdapterHub, writeAdapterHub } from '../../formats/adapter_hub/layout.ts';
import { readExported, writeExported } from '../../formats/exported.ts';
import { peftTypeOf } from '../../formats/peft/layout.ts';
import type { RunRecord } from '../../formats/records/log_history.ts';
import { runRecords } from '../../formats/records/run_records.ts';
import { readZip, writeZip } from '../../formats/zip.ts';
import { methodNamed } from '../../methods/registry.ts';
import { ownPooling } from '../../models/model.ts';
import { inputWords } from '../../protocol/cards.ts';
import type { RunConfig } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { ExportLayout, ExportResult, SelfTestTexts } from '../../protocol/messages.ts';
import type { Engine, EngineConfig } from '../engine/engine.ts';
import type { TextToPredict } from '../engine/predict.ts';
import { resolveMethod, setupOf } from '../engine/setup.ts';
import type { BaseModel } from '../models/base_model.ts';
import { storedShape, toStored } from '../models/stored_form.ts';
import { taskFor } from '../models/task_fit.ts';
import type { PictureReader } from '../pictures/reader.ts';
import { expectationsOn, expectedTensors, taskModelOf } from './adapter_expectations.ts';
import { cardFacts, type RunFacts } from './card_facts.ts';
import { valuesOf } from './importing.ts';
import { largestDifference, logitsOfEach, logitTolerance, recordedText } from './self_test.ts';
import { fitting, selfTestNote, shortened } from './self_test_texts.ts';
import { version } from './version.ts';

export interface ExportRequest {
  readonly engine: Engine;
  readonly name: string;
  readonly licence: string;
  readonly layout: ExportLayout;
  readonly config: EngineConfig;
  /** Of the self-test, and whose they are. */
  readonly texts: readonly TextToPredict[];
  readonly self_test_texts: SelfTestTexts;
  readonly run: RunFacts;
  readonly device: string;
  /** What the run measured on its way. */
  readonly record: RunRecord;
}

/** What an export of a run says of it, less what only the run itself knows. */
function configOf(model: BaseModel, { task, setup }: Pick<Engine, 'task' | 'setup'>, { method, training }: EngineConfig): AdapterConfig {
  const used = Object.fromEntries(methodNamed(method).uses.map((key) => [key, setup.options[key]]));
  const { backbone, num_labels, pooling } = setup;
  return {
    format: 'retrace',
    format_version: 1,
    method,
    base_model: {
      name: model.name,
      model_type: backbone.config.model_type,
      sha256: null,
      dtype: setup.storedType(backbone.names.anchor).toUpperCase(),
    },
    task: task.name,
    ...(task.problem_type === undefined ? {} : { problem_type: task.problem_type }),
    ...(task.head === 'sequence' ? {} : { head: task.head }),
    num_labels,
    pooling: pooling ?? ownPooling(backbone),
    max_length: training.max_length,
    ...(backbone.config.image ? { image_size: backbone.config.image.image_size } : {}),
    hyper_parameters: { ...used, dropout: backbone.config.hidden_dropout_prob } as AdapterConfig['hyper_parameters'],
    seed: training.seed,
    retrace_version: version,
  };
}

/** Before a run begins: error `not-adapter-hub` where what it trains can't be said in that layout. */
export function requireExportable(model: BaseModel, config: RunConfig, layout: ExportLayout): void {
  if (layout !== 'adapter-hub') return;
  const task = taskFor(config.task, model.backbone());
  const resolved = resolveMethod(config.method, config.policy, config.options, model.backbone().defaults);
  const { training } = config;
  // How many classes there are is not known yet, and decides nothing here.
  const num_labels = task.outputs(2);
  const asked = { task, model, resolved, memory: config, pooling: config.pooling, num_labels, batch_size: 1, buckets: [{ length: 8 }] };
  const setup = setupOf({ ...asked, dropout: training.dropout, optimizer: training, purposes: ['evaluation'] });
  const said = configOf(model, { task, setup }, config);
  requireAdapterHub(said, expectedTensors(model, said), taskModelOf(model));
}

/** What makes numbers of the pixels of a self-test's pictures; nothing of texts. */
function scaleOf(pictures: PictureReader | undefined) {
  if (!pictures) return {};
  const { rescale_factor = 1, normalize } = pictures.scale;
  const { image_mean = [0, 0, 0], image_std = [1, 1, 1] } = normalize ?? {};
  return { rescale_factor, image_mean: [...image_mean], image_std: [...image_std] } satisfies Partial<AdapterConfig['self_test']>;
}

function archiveOf(
  { engine, config, texts }: ExportRequest,
  values: ReadonlyMap<string, Float32Array<ArrayBuffer>>,
  logits: readonly (readonly number[])[],
): AdapterArchive {
  const said = configOf(engine.model, engine, config);
  return {
    method: config.method,
    config: {
      ...said,
      base_model: { ...said.base_model, sha256: engine.sha256 },
      self_test: {
        texts: texts.map(recordedText),
        logits: logits.map((row) => [...row]),
        ...scaleOf(engine.pictures),
      },
    },
    ...(engine.pictures ? { pictures: texts.flatMap(({ picture }) => (picture instanceof Uint8Array ? picture : [])) } : {}),
    labels: engine.labels,
    tensors: new Map(
      engine.trainer.trainables.flatMap((parameter) => {
        const data = values.get(parameter.name);
        return data ? [[parameter.name, { shape: storedShape(parameter), data: toStored(parameter, data) }]] : [];
      }),
    ),
  };
}

/** The zip of the trained adapter, read back and compared. Errors: `export-differs`, `not-adapter-hub`. */
export async function exportAdapter(asked: ExportRequest): Promise<ExportResult> {
  const { engine, name, config } = asked;
  const texts = engine.pictures ? asked.texts : shortened(asked.texts, fitting(engine, config.training.max_length));
  const request = { ...asked, texts };
  const values = await engine.trainer.read('parameter');
  const before = await logitsOfEach(engine, texts);
  const archive = archiveOf(request, values, before);
  const facts = cardFacts({
    ...request,
    notes: [['self-test', selfTestNote(request.self_test_texts, texts.length, inputWords[engine.task.inputs])]],
  });
  const hub = request.layout === 'adapter-hub';
  const model = taskModelOf(engine.model);
  const names = request.layout === 'older-names' ? 'older' : 'newest';
  const own = hub ? writeAdapterHub(archive, facts, model) : writeExported(archive, facts, model, names);
  const zip = writeZip([...own, ...runRecords(request.record)]);
  const type = peftTypeOf(archive, model);
  const again = await readExported(readZip(name, zip), {
    ...expectationsOn(engine.model, engine.sha256),
    tensorsOf: () => engine.trainer.trainables.map((parameter) => ({ name: parameter.name, shape: storedShape(parameter) })),
  });
  engine.trainer.setParameters(valuesOf(again, engine.trainer.trainables));
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
