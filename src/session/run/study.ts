// The study of starting points: each method is begun away from the pretrained behaviour by one number; how far its outputs are then from those of the plain
// model with the same head (logits, or of a task of words the words' log-likelihoods), and what a few steps make of it. Not here: what is moved (study_series.ts).
// Invariant: every point sees the same texts, the same batches and the same head, for all are drawn from the one seed.

import type { TokenizedDataset, TokenizedExample } from '../../data/dataset.ts';
import { spread } from '../../data/spread.ts';
import type { Tokenizer } from '../../data/tokenizer.ts';
import type { Device } from '../../gpu/device.ts';
import { methodNamed } from '../../methods/registry.ts';
import type { RunConfig } from '../../protocol/config.ts';
import { RetraceError, reportOf } from '../../protocol/errors.ts';
import type { Bucket } from '../../protocol/lengths.ts';
import type { RunEvent } from '../../protocol/messages.ts';
import type { StartDistance, StudyPoint, StudyReport, StudyRequest, StudySeriesHead } from '../../protocol/study.ts';
import { taskNamed } from '../../tasks/registry.ts';
import { outputsOf } from '../../tasks/task.ts';
import { classWeights } from '../data/class_weights.ts';
import type { RunData } from '../data/data.ts';
import { bucketsOf, rowsPerExample } from '../data/data_report.ts';
import { type Engine, startEngine } from '../engine/engine.ts';
import { judge } from '../engine/judge.ts';
import type { RunStore } from '../host.ts';
import type { BaseModel } from '../models/base_model.ts';
import { phaseEvent } from '../phase.ts';
import type { PictureReader } from '../pictures/reader.ts';
import { type Gate, stopped } from './gate.ts';
import { Run } from './run.ts';
import { type SeriesPlan, studySeries } from './study_series.ts';

/** Texts that the distance is taken over: outputs of so many differ from those of more by little. */
const distanceTexts = 16;
/** What a start far away may do to a run: part of the answer, not the end of the study. */
const outOfRange = ['not-finite', 'stream-overflow'];

export interface StudyMaterial {
  readonly device: Device;
  readonly model: BaseModel;
  readonly tokenizer: Tokenizer;
  readonly pictures: PictureReader | undefined;
  readonly data: RunData;
  readonly emit: (event: RunEvent) => void;
  /** A stop ends the study after what is under way; the report then holds the points so far. */
  readonly gate: Gate;
}

/** Nothing of a study is kept beside its report. */
const noStore: RunStore = {
  save: async () => ({ path: '' }),
  load: async () => undefined,
  list: async () => [],
  delete: async () => undefined,
};

function sampled(dataset: TokenizedDataset, count: number): TokenizedDataset {
  const examples = spread(dataset.examples, count);
  return { ...dataset, examples, lengths: Uint32Array.from(examples, ({ length }) => length) };
}

/** Relative L2 and largest difference of two sets of outputs. */
export function distanceOf(logits: Float32Array, pretrained: Float32Array): StartDistance {
  let [squares, reference, largest] = [0, 0, 0];
  for (const [i, value] of pretrained.entries()) {
    const difference = Math.abs((logits[i] as number) - value);
    squares += difference ** 2;
    reference += value ** 2;
    largest = Math.max(largest, difference);
  }
  return { relative: Math.sqrt(squares / reference), largest };
}

const headOf = ({ name, method, title, over, panel }: SeriesPlan): StudySeriesHead => ({ name, method, title, over, panel });

type Outcome = Pick<StudyPoint, 'distance' | 'score' | 'error'>;

export class Study {
  readonly #request: StudyRequest;
  readonly #material: StudyMaterial;
  readonly #data: RunData;
  readonly #texts: readonly TokenizedExample[];
  readonly #buckets: readonly Bucket[];

  constructor(request: StudyRequest, material: StudyMaterial) {
    this.#request = request;
    this.#material = material;
    const evaluation = sampled(material.data.evaluation, request.eval_examples);
    // The study scores one set.
    this.#data = { ...material.data, evaluation, more: new Map() };
    this.#texts = spread(evaluation.examples, distanceTexts);
    this.#buckets = bucketsOf(this.#data);
  }

  #config(method: RunConfig['method'], options: RunConfig['options']): RunConfig {
    const { model, data, task, pooling, image_size, training, learning_rate } = this.#request;
    const own = { learning_rate: learning_rate ?? methodNamed(method).learning_rate };
    return {
      ...{ model, data, task, method, options },
      ...(pooling === undefined ? {} : { pooling }),
      ...(image_size === undefined ? {} : { image_size }),
      // Gradients are the same bits under every policy; this one recomputes nothing.
      ...{ policy: 'store', checkpoint_every: 1 },
      // Its score is the metric that chooses the best, and no text has to be written for that.
      training: { ...training, ...own, eval_steps: 0, save_steps: 0, early_stopping_patience: 0, max_generate_samples: 0 },
    };
  }

  /** A model begun by its own seed. The caller destroys its executor. */
  #engine(config: RunConfig, max_steps: number): Promise<Engine> {
    const { device, model, tokenizer, pictures, data, emit, gate } = this.#material;
    return startEngine(device, {
      ...{
        config,
        model,
        tokenizer,
        pictures,
        labels: data.labels,
        buckets: this.#buckets,
        rows_per_example: rowsPerExample(data),
        max_steps: Math.max(1, max_steps),
      },
      class_weights: classWeights(config.training.class_weights, data.train),
      purposes: max_steps > 0 ? ['training', 'evaluation'] : ['evaluation'],
      onPhase: (phase, done, of) => {
        gate.requireOpen();
        emit(phaseEvent(phase, done, of));
      },
      onPlan: () => undefined,
    });
  }

  /** The outputs of the plain model with the head that every point begins with. It takes no step: where words are written, nothing of it would train. */
  async #pretrained(): Promise<Float32Array> {
    const engine = await this.#engine(this.#config('linear-probe', {}), 0);
    try {
      return outputsOf(await judge(engine, this.#texts));
    } finally {
      engine.executor.destroy();
    }
  }

  async #measure(plan: SeriesPlan, value: number, pretrained: Float32Array): Promise<Outcome> {
    const config = this.#config(plan.method, plan.options(value));
    const engine = await this.#engine(config, config.training.max_steps);
    let outcome: Outcome = {};
    try {
      outcome = { distance: distanceOf(outputsOf(await judge(engine, this.#texts)), pretrained) };
      return config.training.max_steps > 0 ? { ...outcome, ...(await this.#train(engine, config)) } : outcome;
    } catch (thrown) {
      if (thrown instanceof RetraceError && outOfRange.includes(thrown.code)) return { ...outcome, error: reportOf(thrown) };
      throw thrown;
    } finally {
      engine.executor.destroy();
    }
  }

  /** What the steps reach; nothing where they were stopped. */
  async #train(engine: Engine, config: RunConfig): Promise<Outcome> {
    const run = new Run({
      ...{ id: 'study', name: 'study', config, engine, data: this.#data, max_steps: config.training.max_steps, store: noStore },
      gate: this.#material.gate,
      emit: (event) => {
        const { emit } = this.#material;
        if (event.type === 'step') emit({ type: 'phase', phase: 'training', done: event.step, of: event.max_steps });
        else if (event.type === 'phase' && (event.phase === 'evaluating' || event.phase === 'paused')) emit(event);
      },
    });
    await run.toEnd();
    if (this.#material.gate.stopping || !run.evaluation) return {};
    const metric = engine.task.metric_for_best_model;
    const { metrics } = run.evaluation;
    const [value, loss] = [metrics[metric], metrics['loss'] as number];
    return value === undefined ? {} : { score: { metric, value, loss } };
  }

  /** Measures every point, until it is stopped; those that two series share are measured once. */
  async toEnd(): Promise<StudyReport> {
    const { series: names, data, training } = this.#request;
    const { emit, gate } = this.#material;
    const plans = studySeries.filter(({ name }) => names === undefined || names.includes(name));
    const of = plans.reduce((sum, { values }) => sum + values.length, 0);
    const points: StudyPoint[] = [];
    try {
      const pretrained = await this.#pretrained();
      const known = new Map<string, Outcome>();
      for (const plan of plans) {
        for (const value of plan.values) {
          gate.requireOpen();
          const options = plan.options(value);
          const key = JSON.stringify([plan.method, options]);
          const outcome = known.get(key) ?? (await this.#measure(plan, value, pretrained));
          known.set(key, outcome);
          const point: StudyPoint = { series: plan.name, value, own_start: value === plan.own, options, ...outcome };
          points.push(point);
          emit({ type: 'study', done: points.length, of, series: headOf(plan), point });
        }
      }
    } catch (thrown) {
      if (thrown !== stopped) throw thrown;
    }
    return {
      ...{ model: this.#material.model.name, data: data.name, texts: this.#texts.length },
      ...{ eval_examples: this.#data.evaluation.examples.length, max_steps: training.max_steps },
      metric: taskNamed(this.#request.task).metric_for_best_model,
      series: plans.map((plan) => ({ ...headOf(plan), points: points.filter(({ series }) => series === plan.name) })),
      complete: points.length === of,
    };
  }
}
