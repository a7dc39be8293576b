// Exporting an adapter: the trained values written with configuration, labels, card and records. Not here: which files a layout has (src/formats).
// Invariant: an export counts as done only after it was read back and gave the same logits.

import type { AdapterArchive, AdapterConfig } from '../formats/adapter_archive.ts';
import { writeAdapterHub } from '../formats/adapter_hub/layout.ts';
import { readExported, writeExported } from '../formats/exported.ts';
import type { CardFacts } from '../formats/model_card.ts';
import { peftTypeOf } from '../formats/peft/layout.ts';
import type { RunRecord } from '../formats/records/log_history.ts';
import { runRecords } from '../formats/records/run_records.ts';
import { readZip, writeZip } from '../formats/zip.ts';
import { methodNamed } from '../methods/registry.ts';
import { ownPooling } from '../models/model.ts';
import { RetraceError } from '../protocol/errors.ts';
import { longestOf } from '../protocol/lengths.ts';
import type { ExportLayout, ExportResult, SelfTestTexts } from '../protocol/messages.ts';
import type { Task } from '../tasks/task.ts';
import { expectationsOn, taskModelOf } from './adapter_expectations.ts';
import { weighsClasses } from './class_weights.ts';
import type { RunData } from './data.ts';
import type { Engine, EngineConfig } from './engine.ts';
import type { Evaluation } from './evaluation.ts';
import { valuesOf } from './importing.ts';
import type { TextToPredict } from './predict.ts';
import { largestDifference, logitsOfEach, logitTolerance } from './self_test.ts';
import { selfTestNote, shortened } from './self_test_texts.ts';
import { storedShape, toStored } from './stored_form.ts';
import { version } from './version.ts';

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

/** What the card says of the data of a run. */
export function datasetFacts({ from, train, evaluation, heldBack }: RunData): CardFacts['dataset'] {
  const { data, eval_data } = from;
  const given = eval_data?.kind === 'bundled' ? eval_data.part : eval_data?.kind === 'hub' ? eval_data.split : 'given';
  return {
    name: data.name,
    train_examples: train.examples.length,
    eval_examples: evaluation.examples.length,
    eval_split: heldBack ? 'held back' : given,
    ...(data.kind === 'hub' ? { id: data.id, config: data.config, train_split: data.split, revision: data.commit, ...data.about } : {}),
  };
}

function archiveOf(
  { engine, config, texts }: ExportRequest,
  values: ReadonlyMap<string, Float32Array<ArrayBuffer>>,
  logits: readonly (readonly number[])[],
): AdapterArchive {
  const { setup, model } = engine;
  const method = methodNamed(config.method);
  const used = Object.fromEntries(method.uses.map((key) => [key, setup.options[key]]));
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
        dtype: setup.storedType(setup.backbone.names.anchor).toUpperCase(),
      },
      task: engine.task.name,
      problem_type: engine.task.problem_type,
      num_labels: setup.num_labels,
      pooling: setup.pooling ?? ownPooling(setup.backbone),
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
    tensors: new Map(
      engine.trainer.trainables.flatMap((parameter) => {
        const data = values.get(parameter.name);
        return data ? [[parameter.name, { shape: storedShape(parameter), data: toStored(parameter, data) }]] : [];
      }),
    ),
  };
}

/** `Accuracy`; of a further set `Accuracy (mismatched)`. */
function titleOf({ metrics }: Task, metric: string): string {
  const known = metrics.find(({ name }) => metric === name || metric.endsWith(`_${name}`));
  if (known === undefined) return metric;
  return metric === known.name ? known.title : `${known.title} (${metric.slice(0, -known.name.length - 1)})`;
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
    pipeline_tag: engine.task.pipeline_tag,
    method: method.title,
    dataset,
    metrics: Object.entries(evaluation?.metrics ?? {})
      .filter(([metric]) => !/(^|_)loss$/.test(metric))
      .map(([metric, value]) => ({
        name: metric,
        title: titleOf(engine.task, metric),
        value,
      })),
    labels: engine.labels,
    hyper_parameters: [
      ...method.uses.map((key) => [key, setup.options[key]] as const),
      ...(['learning_rate', 'batch_size', 'max_steps', 'warmup_ratio', 'weight_decay', 'max_grad_norm', 'dropout', 'seed'] as const).map(
        (key) => [key, training[key]] as const,
      ),
      ...(training.label_smoothing_factor > 0 ? [['label_smoothing_factor', training.label_smoothing_factor] as const] : []),
      ...(weighsClasses(training.class_weights) ? [['class_weights', training.class_weights] as const] : []),
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
  const planned = longestOf(engine.buckets);
  const fits = ({ text, text_pair }: TextToPredict) =>
    engine.tokenizer.encode(text, text_pair, config.training.max_length).input_ids.length <= planned;
  const texts = shortened(asked.texts, fits);
  const request = { ...asked, texts };
  const values = await engine.trainer.read('parameter');
  const before = await logitsOfEach(engine, texts);
  const archive = archiveOf(request, values, before);
  const facts = cardFacts(request);
  const hub = request.layout === 'adapter-hub';
  const model = taskModelOf(engine.model);
  const own = hub ? writeAdapterHub(archive, facts, model) : writeExported(archive, facts, model);
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
