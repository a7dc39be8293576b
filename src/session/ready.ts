// What a session holds that can predict, trained here or brought in: measured on data, and how it leaves, as an adapter or as a whole model. Not here: how it
// came about (session.ts, opening.ts), and what is written (exporting.ts, merging.ts).

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { AdapterArchive } from '../formats/adapter_archive.ts';
import type { Device } from '../gpu/device.ts';
import { RetraceError } from '../protocol/errors.ts';
import { longestOf, longestTarget } from '../protocol/lengths.ts';
import type { Calls, DataProgress, EvaluationReport, ExportResult, MergeResult, RunEvent } from '../protocol/messages.ts';
import { datasetFacts } from './adapters/card_facts.ts';
import { exportAdapter } from './adapters/exporting.ts';
import { mergeModel } from './adapters/merging.ts';
import { textsOf } from './adapters/self_test.ts';
import { selfTestExamples } from './adapters/self_test_pictures.ts';
import { loadEvaluation, type RunData } from './data/data.ts';
import type { Engine, EngineConfig } from './engine/engine.ts';
import { evaluate, evaluationWork } from './engine/evaluation.ts';
import type { TextToPredict } from './engine/predict.ts';
import type { Host } from './host.ts';
import { hasDecoder } from './models/task_fit.ts';
import { phaseEvent } from './phase.ts';
import type { Run } from './run/run.ts';

export interface Ready {
  readonly engine: Engine;
  readonly config: EngineConfig;
  readonly data?: RunData;
  readonly run?: Run;
  /** Of an adapter that was imported. */
  readonly origin?: Origin;
}

interface Origin {
  readonly texts: readonly TextToPredict[];
  /** Its card, where it has one. */
  readonly card?: Uint8Array<ArrayBuffer>;
}

/** What of an imported adapter goes along with a model that is made of it. */
export function originOf(archive: AdapterArchive, files: ReadonlyMap<string, Uint8Array>): Origin {
  const card = [...files].find(([path]) => /(?:^|\/)README\.md$/.test(path))?.[1];
  return { texts: textsOf(archive), ...(card ? { card: new Uint8Array(card) } : {}) };
}

interface Place {
  readonly device: Device;
  readonly host: Host;
  emit(event: RunEvent): void;
}

const nameOf = ({ info }: Device): string => info.description || info.vendor;

export const nothingTrained = () =>
  new RetraceError({ code: 'nothing-trained', message: 'There is no trained model yet.', remedy: 'Train one, or import an adapter.' });

/** Metrics on data of one's own. Errors: those of `loadEvaluation`. */
export async function evaluateReady(
  { engine, config }: Ready,
  request: Calls['evaluate']['argument'],
  { host, emit }: Pick<Place, 'host' | 'emit'>,
): Promise<EvaluationReport> {
  const max_length = longestOf(engine.buckets);
  const asked = {
    ...{
      ...request,
      pictures: engine.pictures,
      task: engine.task,
      labels: engine.labels,
      max_length,
      max_target_length: longestTarget(engine.buckets),
    },
    ...{ packing: config.training.packing, decoder: hasDecoder(engine.setup.backbone) },
  };
  const onData = (progress: DataProgress) => emit({ type: 'preparing', ...progress });
  const { dataset, columns, reasons, reading } = await loadEvaluation(asked, engine.tokenizer, host, onData);
  const { max_generate_samples = config.training.max_generate_samples } = request;
  const of = evaluationWork(engine, dataset, { max_generate_samples });
  const onProgress = (done: number) => emit(phaseEvent('evaluating', done, of));
  const evaluation = await evaluate(engine, dataset, { max_generate_samples, onProgress });
  return { ...evaluation, truncated: dataset.truncated, max_length, columns, reasons, reading };
}

/** Errors: `nothing-trained` where it was not trained here; those of `exportAdapter`. */
export async function exportReady(
  { engine, config, data, run }: Ready,
  { name, licence, self_test_texts = 'bundled', layout = 'auto' }: Calls['exportAdapter']['argument'],
  { device, emit }: Place,
): Promise<ExportResult> {
  if (!data || !run) throw nothingTrained();
  const result = await exportAdapter({
    ...{ engine, name, licence, layout, config, self_test_texts },
    run: { dataset: datasetFacts(data), evaluation: run.evaluation },
    texts: await selfTestExamples(self_test_texts, engine, data),
    device: nameOf(device),
    record: {
      events: run.history,
      training: config.training,
      max_steps: run.max_steps,
      train_examples: data.train.examples.length,
      best: run.best,
      ended_at: run.saved ? Date.parse(run.saved.saved_at) : Date.now(),
    },
  });
  emit({ type: 'saved', path: result.file_name, sha256: bytesToHex(sha256(result.zip)), step: run.step });
  return result;
}

/** Errors: those of `mergeModel`. */
export async function mergeReady(
  { engine, config, data, run, origin }: Ready,
  { name, licence, type, packing }: Calls['mergeModel']['argument'],
  { device, host, emit }: Place,
): Promise<MergeResult> {
  const own = data && run ? { run: { dataset: datasetFacts(data), evaluation: run.evaluation } } : {};
  const texts = origin && origin.texts.length > 0 ? origin.texts : await selfTestExamples('bundled', engine, data ?? { texts: [] });
  const merged = await mergeModel(
    {
      ...{ engine, device, host, name, licence, type, config, texts, card: origin?.card },
      ...own,
      device_name: nameOf(device),
      onProgress: (done, of) => emit(phaseEvent('saving', done, of)),
    },
    packing,
  );
  emit({ type: 'phase', phase: 'finished' });
  return merged;
}
