// From a RunConfig to the programs of a run: resolves the method's options, refuses what makes no sense with the reason, and reports the plan.

import type { Forms } from '../../kernels/forms.ts';
import { type Method, requireFits } from '../../methods/method.ts';
import { methodNamed, resolveOptions } from '../../methods/registry.ts';
import { OffloadedModules } from '../../methods/sparse_adapter.ts';
import { type Backbone, type BackboneDefaults, positionsOf } from '../../models/model.ts';
import { hostBytes } from '../../offload/offload.ts';
import type { Plan } from '../../plan/plan.ts';
import { flopsOf, movedBytes } from '../../plan/work.ts';
import {
  type MemorySettings,
  type MethodChoices,
  type MethodOptions,
  mostLabels,
  type PolicyName,
  type Pooling,
  type TrainingArguments,
} from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { type Bucket, longestOf, requireLength } from '../../protocol/lengths.ts';
import type { PlanReport } from '../../protocol/messages.ts';
import type { PolicyRange } from '../../stack/stack.ts';
import type { Task } from '../../tasks/task.ts';
import type { ProgramSetup, planPrograms } from '../../train/programs.ts';
import { stackOf } from '../../train/stacks.ts';
import { weighsClasses } from '../data/class_weights.ts';
import type { BaseModel } from '../models/base_model.ts';
import { poolingFor, requireTask, taskFor } from '../models/task_fit.ts';

export interface ResolvedMethod {
  readonly method: Method;
  readonly options: MethodOptions;
  readonly policy: PolicyName;
}

/** The method of this name. Error `policy-refused`, where it does not go with the policy. */
export function methodUnder(name: string, policy: PolicyName): Method {
  const method = methodNamed(name);
  requireAllowed(method, policy);
  return method;
}

/** A method with its options on this backbone. Errors: `policy-refused`, `factor-not-a-power-of-two` (when traced). */
export function resolveMethod(name: string, policy: PolicyName, chosen: MethodChoices, backbone: BackboneDefaults): ResolvedMethod {
  const method = methodUnder(name, policy);
  return { method, options: resolveOptions(method, chosen, backbone), policy };
}

/** What of a model decides its programs: no weights. */
export type PlannedModel = Pick<BaseModel, 'name' | 'backbone' | 'pooling' | 'storedType'>;

export interface SetupRequest {
  /** Left out: the first of the tasks. */
  readonly task?: Task;
  readonly model: PlannedModel;
  readonly resolved: ResolvedMethod;
  readonly memory: MemorySettings;
  readonly pooling: Pooling | undefined;
  readonly num_labels: number;
  /** Examples. */
  readonly batch_size: number;
  /** Of an example in training; left out: 1. */
  readonly rows_per_example?: number | undefined;
  readonly buckets: readonly Bucket[];
  /** Undefined: the model's own. */
  readonly dropout: number | undefined;
  readonly optimizer: ProgramSetup['optimizer'];
  /** Left out: as they are left out of a run. */
  readonly loss?: Pick<TrainingArguments, 'label_smoothing_factor' | 'class_weights'>;
  readonly purposes: ProgramSetup['purposes'];
  /** Of kernels, as the device wants them; left out: the first ones. */
  readonly forms?: Forms;
}

/** The layers that have a policy: one range, or those given. Errors: `frozen-layers`, `policy-ranges`, `policy-refused`. */
function rangesOf({ method, options, policy }: ResolvedMethod, memory: MemorySettings, backbone: Backbone): readonly PolicyRange[] {
  const { from: bottom, to: layers } = stackOf({ backbone, options });
  if (bottom >= layers) {
    throw new RetraceError({
      code: 'frozen-layers',
      message: `${bottom} layers are to stay frozen; the model has ${layers}, and at least one must be left.`,
      where: 'frozen_layers',
      remedy: `Use at most ${layers - 1}.`,
    });
  }
  const { ranges, checkpoint_every, snapshot_every } = memory;
  if (!ranges) {
    const every: Readonly<Record<PolicyName, number | undefined>> = {
      store: undefined,
      checkpoint: checkpoint_every,
      reversible: snapshot_every,
    };
    return [{ from: bottom, to: layers, policy, every: every[policy] }];
  }
  let next = bottom;
  for (const { from, to, policy: own } of ranges) {
    if (from !== next || to <= from || to > layers) throw badRanges(ranges, bottom, layers, `${from}-${to} stands where ${next} begins`);
    requireAllowed(method, own);
    next = to;
  }
  if (next !== layers) throw badRanges(ranges, bottom, layers, `they end at ${next}`);
  return ranges;
}

const badRanges = (ranges: readonly PolicyRange[], bottom: number, layers: number, what: string) =>
  new RetraceError({
    code: 'policy-ranges',
    message: `The policy ranges ${ranges.map(({ from, to, policy }) => `${from}-${to}:${policy}`).join(', ')} do not cover layers ${bottom} to ${layers}: ${what}.`,
    where: 'ranges',
    remedy: `Let the first begin at ${bottom}, each at the end of the one before, and the last end at ${layers}.`,
  });

function requireAllowed(method: Method, policy: PolicyName): void {
  const refusal = method.refuses(policy);
  if (!refusal) return;
  throw new RetraceError({
    code: 'policy-refused',
    message: `The policy '${policy}' can't be used with ${method.title}. ${refusal}`,
    where: 'policy',
    remedy: `Use ${method.defaultPolicy}.`,
  });
}

/** Error `length-above-model`, where texts of this many tokens have no positions. */
export function requireTextLength(model: PlannedModel, { method, options }: ResolvedMethod, length: number): void {
  requireLength({ length, positions: positionsOf(model.backbone().config), method, options, model: model.name });
}

/** Error `options-of-classes`, where a task is asked for what only classes have, or words. */
function requireOfClasses({ name, problem_type, head }: Task, asked: { label_smoothing: number; class_weights: readonly string[] }): void {
  const hasClasses = head === 'sequence' && problem_type !== 'regression';
  const [smooths, weighs] = [
    asked.label_smoothing > 0 && !hasClasses && head !== 'words',
    weighsClasses(asked.class_weights) && !hasClasses,
  ];
  if (!smooths && !weighs) return;
  const what = { sequence: 'numbers', choices: 'which choice is right', words: 'words' }[head];
  throw new RetraceError({
    code: 'options-of-classes',
    message: `The task ${name} predicts ${what}: there are no classes to ${smooths ? 'smooth' : 'weigh'}.`,
    where: smooths ? 'label_smoothing_factor' : 'class_weights',
    remedy: 'Leave it out.',
  });
}

/** Kernels index a tensor's elements by 32 bits. */
const mostElements = 2 ** 32 - 1;

/** Padded sizes: those asked for, or the one that every picture has. */
const bucketsOn = ({ config }: Backbone, asked: readonly Bucket[]): readonly Bucket[] =>
  config.image ? [{ length: config.max_position_embeddings }] : asked;

/** Error `whole-batch`, where a method looks at all examples of a batch together. */
function requireSliceable({ method, options }: ResolvedMethod, backbone: Backbone, batch_size: number): void {
  if (method.wire(backbone, options).wholeBatch !== 'always') return;
  throw new RetraceError({
    code: 'whole-batch',
    message: `${method.title} with the rule ${options.activation_rule} chooses its rows from all ${batch_size} examples of a batch: they can't go through a few at a time.`,
    where: 'micro_batch_size',
    remedy: 'Leave it out, or choose another activation_rule.',
  });
}

/** Errors: `whole-batch`, `task-refused`, `length-above-model`, `too-many-classes`, `options-of-classes`, `batch-too-large`, `frozen-layers`, `policy-ranges`, `policy-refused`. */
export function setupOf(request: SetupRequest): ProgramSetup {
  const { model, resolved, memory, num_labels, rows_per_example = 1, optimizer, purposes } = request;
  const micro_batch_size = Math.min(request.batch_size, memory.micro_batch_size ?? request.batch_size);
  const batch_size = micro_batch_size * rows_per_example;
  const backbone = model.backbone(request.dropout);
  const buckets = bucketsOn(backbone, request.buckets);
  const task = request.task ?? taskFor(undefined, backbone);
  requireTask(task, backbone);
  requireFits(resolved.method, backbone);
  if (micro_batch_size < request.batch_size) requireSliceable(resolved, backbone, request.batch_size);
  const longest = longestOf(buckets);
  requireTextLength(model, resolved, longest);
  if (num_labels > mostLabels) {
    throw new RetraceError({
      code: 'too-many-classes',
      message: `${num_labels} classes are to be told apart; at most ${mostLabels} are taken.`,
      where: 'label column',
      remedy: 'Check that the label column holds labels, not texts, numbers or row ids; choose another, or join rare classes.',
    });
  }
  const { hidden_size } = backbone.config;
  if (batch_size * longest * hidden_size > mostElements) {
    throw new RetraceError({
      code: 'batch-too-large',
      message: `A batch of ${batch_size} × ${longest} tokens of ${hidden_size} numbers is asked for; kernels count to ${mostElements}.`,
      where: 'batch_size',
      remedy: `Use a batch of at most ${Math.floor(mostElements / (longest * hidden_size * rows_per_example))}; gradient_accumulation_steps makes a step of several.`,
    });
  }
  const { label_smoothing_factor: label_smoothing = 0, class_weights = [] } = request.loss ?? {};
  requireOfClasses(task, { label_smoothing, class_weights });
  return {
    task,
    loss: { label_smoothing, weighted: weighsClasses(class_weights) },
    backbone,
    method: resolved.method,
    options: resolved.options,
    ranges: rangesOf(resolved, memory, backbone),
    granularity: memory.granularity,
    chunks: memory.chunks,
    token_chunk: memory.token_chunk,
    pooling: poolingFor(task, request.pooling, model),
    num_labels,
    storedType: model.storedType,
    batch_size,
    step_batch_size: request.batch_size,
    rows_per_example,
    buckets,
    evaluation: resolved.method.wire(backbone, resolved.options).wholeBatch || backbone.config.image ? undefined : 'finer',
    optimizer,
    purposes,
    ...(request.forms ? { forms: request.forms } : {}),
  };
}

export function trainableCount(registry: ReturnType<typeof planPrograms>['registry']): number {
  return [...registry.parameters.values()]
    .filter(({ trainable }) => trainable)
    .reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
}

/** The report of a plan, as `plan --json` prints it. */
export function reportPlan(
  name: string,
  setup: ProgramSetup,
  { plan, registry }: { plan: Plan; registry: ReturnType<typeof planPrograms>['registry'] },
): PlanReport {
  const length = longestOf(setup.buckets);
  const program = plan.programs.get(`training ${length}`);
  const [range] = setup.ranges;
  const micro_batch = setup.batch_size / (setup.rows_per_example ?? 1);
  const batch = setup.step_batch_size ?? micro_batch;
  const slices = Math.ceil(batch / micro_batch);
  const offloaded = [...registry.shared(OffloadedModules).values()];
  return {
    model: name,
    method: setup.method.name,
    policy: range?.policy ?? 'store',
    granularity: setup.granularity ?? 'frugal',
    streams: setup.method.wire(setup.backbone, setup.options).streams,
    batch,
    micro_batch,
    length,
    trainable_parameters: trainableCount(registry),
    bytes: { ...plan.bytes, total: plan.total },
    peak: plan.peak,
    largest_binding: plan.largestBinding,
    flops: program ? slices * flopsOf(program.lowered) : 0,
    ...(program && offloaded.length > 0 ? { host: { bytes: hostBytes(offloaded), ...movedBytes(program.lowered), rows: plan.rows } } : {}),
    dispatches: program ? slices * program.lowered.nodes.reduce((sum, { calls }) => sum + calls.length, 0) : 0,
    timeline: plan.timeline
      .filter(({ program: of }) => of === `training ${length}`)
      .map(({ name: moment, live, activation, adapter }) => ({
        name: moment,
        live,
        activation,
        ...(adapter > 0 ? { rows: adapter } : {}),
      })),
  };
}
