// What a run or an imported adapter tells the card of what is exported of it. Not here: how a card is written (src/formats). Invariant: nothing stands in a
// card that was not measured here, or is not known.

import type { CardDataset, CardFacts } from '../../formats/model_card.ts';
import { methodNamed } from '../../methods/registry.ts';
import { rangesText } from '../../protocol/budget.ts';
import type { Evaluation } from '../../protocol/messages.ts';
import type { Task } from '../../tasks/task.ts';
import { weighsClasses } from '../data/class_weights.ts';
import type { RunData } from '../data/data.ts';
import type { Engine, EngineConfig } from '../engine/engine.ts';
import { version } from './version.ts';

/** What the card says of the data of a run. */
export function datasetFacts({ from, train, evaluation, heldBack }: RunData): CardDataset {
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

/** `Accuracy`; of a further set `Accuracy (mismatched)`. */
function titleOf({ metrics }: Task, metric: string): string {
  const known = metrics.find(({ name }) => metric === name || metric.endsWith(`_${name}`));
  if (known === undefined) return metric;
  return metric === known.name ? known.title : `${known.title} (${metric.slice(0, -known.name.length - 1)})`;
}

/** Of a run that went on here. */
export interface RunFacts {
  readonly dataset: CardDataset;
  readonly evaluation: Evaluation | undefined;
}

interface Told {
  readonly engine: Engine;
  readonly name: string;
  readonly licence: string;
  readonly config: EngineConfig;
  readonly device: string;
  /** Left out of what was trained elsewhere. */
  readonly run?: RunFacts | undefined;
  readonly notes: CardFacts['notes'];
}

const writtenNote = (evaluation: Evaluation | undefined): CardFacts['notes'] =>
  evaluation?.written === undefined ? [] : [['texts written', `greedily, for ${evaluation.written} of ${evaluation.examples} examples`]];

/** Hyper-parameters of training, and what the run took of the device. */
function runLines({ engine, config, run }: Told): Pick<CardFacts, 'hyper_parameters' | 'notes'> {
  const { training } = config;
  const { report } = engine;
  const { plan, allocator } = engine.executor;
  return {
    hyper_parameters: [
      ...(['learning_rate', 'batch_size', 'max_steps', 'warmup_ratio', 'weight_decay', 'max_grad_norm'] as const).map(
        (key) => [key, training[key]] as const,
      ),
      ['dropout', engine.setup.backbone.config.hidden_dropout_prob],
      ['seed', training.seed],
      ...(training.label_smoothing_factor > 0 ? [['label_smoothing_factor', training.label_smoothing_factor] as const] : []),
      ...(weighsClasses(training.class_weights) ? [['class_weights', training.class_weights] as const] : []),
    ],
    notes: [
      ['classifier', engine.classifier.text],
      ...writtenNote(run?.evaluation),
      ['memory policy', rangesText(engine.setup.ranges)],
      ['granularity', `${report.granularity}, ${report.dispatches} dispatches a step`],
      ...(report.micro_batch < report.batch ? [['micro_batch_size', String(report.micro_batch)] as const] : []),
      ['activation and workspace bytes', String(report.bytes.activation + report.bytes.workspace)],
      ...(config.memory_budget === undefined ? [] : [['memory budget', `${config.memory_budget} bytes`] as const]),
      ['GPU bytes, planned', String(plan.total)],
      ['GPU bytes, allocated', String(allocator.account.total)],
    ],
  };
}

export function cardFacts(told: Told): CardFacts {
  const { engine, name, licence, config, run, device } = told;
  const { setup, sha256, model, task } = engine;
  const method = methodNamed(config.method);
  const ofRun = run ? runLines(told) : { hyper_parameters: [], notes: [] };
  return {
    name,
    base_model: { name: model.name, sha256 },
    ...(licence === '' ? {} : { license: licence }),
    pipeline_tag: task.pipeline_tag,
    method: method.title,
    dataset: run?.dataset,
    metrics: Object.entries(run?.evaluation?.metrics ?? {})
      .filter(([metric]) => !/(^|_)loss$/.test(metric))
      .map(([metric, value]) => ({ name: metric, title: titleOf(task, metric), value })),
    labels: engine.labels,
    hyper_parameters: [...method.uses.map((key) => [key, setup.options[key]] as const), ...ofRun.hyper_parameters],
    notes: [...ofRun.notes, ...told.notes, ['device', device], ['Retrace', version]],
  };
}
