// A checkpoint as it stands, ready to predict with, with its own classifier or its own words: a model that was fine-tuned whole, here or elsewhere, with no
// adapter. Invariant: outputs have the order that config.json gives them.

import type { Tokenizer } from '../../data/tokenizer.ts';
import type { Device } from '../../gpu/device.ts';
import { architectureOf, type HeadKind, ownPooling } from '../../models/model.ts';
import { defaultTraining } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { Bucket } from '../../protocol/lengths.ts';
import { shownValue } from '../../protocol/shown.ts';
import { taskOf, tasks } from '../../tasks/registry.ts';
import type { Task } from '../../tasks/task.ts';
import { lengthsUpTo } from '../../train/evaluation_shapes.ts';
import { type Engine, type EngineConfig, type EngineRequest, startEngine } from '../engine/engine.ts';
import type { BaseModel } from './base_model.ts';
import { classifierRows, labelNames } from './classifier.ts';
import { inputsOf } from './task_fit.ts';

/** Kinds of classifiers that give one answer for a text. */
const kinds = ['single_label_classification', 'regression'] as const;

/** Of long texts more would need memory that a prediction is not worth. */
const usualBatch = 8;

/** What the model's own head makes of a pooled text, by the class that config.json names. */
export function ownHead(model: BaseModel): HeadKind {
  const { architectures } = model.config;
  const backbone = model.backbone();
  const scoring = architectureOf(backbone, 'choices');
  const isScoring = scoring !== architectureOf(backbone, 'sequence') && Array.isArray(architectures) && architectures.includes(scoring);
  return isScoring ? 'choices' : 'sequence';
}

/** How many outputs the model has, and what they are called. Errors: `no-classifier`, `unsupported-problem-type`. */
function outputsOf(model: BaseModel, head: HeadKind): { readonly num_labels: number; readonly kind: (typeof kinds)[number] | undefined } {
  const rows = classifierRows(model, { pooling: ownPooling(model.backbone()), head });
  if (typeof rows === 'string') {
    throw new RetraceError({
      code: 'no-classifier',
      message: `${model.name} has no classifier of its own to predict with: ${rows}.`,
      where: model.name,
      remedy: 'Name an adapter that was trained on it (--adapter), or a model that was fine-tuned for classes.',
    });
  }
  const { problem_type } = model.config;
  const kind = kinds.find((known) => known === problem_type);
  if (kind !== undefined || problem_type === undefined || problem_type === null) return { num_labels: rows, kind };
  throw new RetraceError({
    code: 'unsupported-problem-type',
    message: `The classifier of ${model.name} is one of ${shownValue(problem_type)}; ${kinds.join(' and ')} are read.`,
    where: `${model.name}/config.json, problem_type`,
    remedy: 'Choose a model that gives one class or one number for a text.',
  });
}

/** What the model gives, and the names of its classes. Errors: those of `outputsOf`. */
function learned(model: BaseModel, task: Task | undefined): { readonly task: Task; readonly labels: readonly string[] } {
  if (task) return { task, labels: [] };
  const head = ownHead(model);
  const { num_labels, kind } = outputsOf(model, head);
  const scoring = head === 'choices' ? tasks.find((row) => row.head === head) : undefined;
  if (scoring) return { task: scoring, labels: [] };
  const own = taskOf({ problem_type: kind, num_labels }, inputsOf(model.backbone()));
  const numbered = Array.from({ length: num_labels }, (_, i) => `LABEL_${i}`);
  return { task: own, labels: own.problem_type === 'regression' ? [] : (labelNames(model.config, num_labels) ?? numbered) };
}

interface Asked extends Pick<EngineRequest, 'model' | 'pictures' | 'onPhase'> {
  readonly device: Device;
  readonly tokenizer: Tokenizer;
  /** Of texts, in tokens; longer ones are cut. */
  readonly max_length: number;
  readonly batch_size?: number;
  /** Padded lengths; left out: those that pad the fewest tokens. */
  readonly buckets?: readonly Bucket[];
  /** Of models that choose or write; left out: classes or a number, as config.json says. */
  readonly task?: Task;
}

/** Errors: `no-classifier`, `unsupported-problem-type`, and those of starting an engine. */
export async function startOwnHead(asked: Asked): Promise<{ readonly engine: Engine; readonly config: EngineConfig }> {
  const { device, max_length, model, batch_size = usualBatch } = asked;
  const { task, labels } = learned(model, asked.task);
  const config: EngineConfig = {
    ...{ task: task.name, method: 'linear-probe', policy: 'store', checkpoint_every: 1, options: {} },
    pooling: task.head === 'words' ? undefined : ownPooling(model.backbone()),
    training: { ...defaultTraining, batch_size, max_length, dropout: 0 },
  };
  const engine = await startEngine(device, {
    ...{ model, tokenizer: asked.tokenizer, pictures: asked.pictures, config, labels, onPhase: asked.onPhase },
    buckets: asked.buckets ?? lengthsUpTo(max_length).map((length) => ({ length })),
    max_steps: 1,
    purposes: ['evaluation'],
    onPlan: () => undefined,
  });
  return { engine, config };
}
