// From a RunConfig to the programs of a run: resolves the method's options, refuses what makes no sense with the reason, and reports the plan.

import type { Plan } from '../graph/plan/plan.ts';
import type { PolicyRange } from '../graph/stack.ts';
import type { Method } from '../methods/method.ts';
import { methodNamed, methods, resolveOptions } from '../methods/registry.ts';
import { type MethodChoices, type MethodOptions, type PolicyName, type Pooling, policyNames, streamKinds } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { MethodCard, PlanReport } from '../protocol/messages.ts';
import type { ProgramSetup, planPrograms } from '../train/programs.ts';
import type { BaseModel } from './base_model.ts';

export interface ResolvedMethod {
  readonly method: Method;
  readonly options: MethodOptions;
  readonly policy: PolicyName;
}

/** Checks that method, policy and options go together. Errors: `policy-refused`, `factor-not-a-power-of-two` (when traced). */
export function resolveMethod(name: string, policy: PolicyName, chosen: MethodChoices): ResolvedMethod {
  const method = methodNamed(name);
  const refusal = method.refuses(policy);
  if (refusal) {
    throw new RetraceError({
      code: 'policy-refused',
      message: `The policy '${policy}' can't be used with ${method.title}. ${refusal}`,
      where: 'policy',
      remedy: `Use ${method.defaultPolicy}.`,
    });
  }
  return { method, options: resolveOptions(method, chosen), policy };
}

export interface SetupRequest {
  readonly model: BaseModel;
  readonly resolved: ResolvedMethod;
  readonly checkpoint_every: number;
  readonly pooling: Pooling | undefined;
  readonly num_labels: number;
  readonly batch_size: number;
  readonly lengths: readonly number[];
  readonly dropout: number;
  readonly optimizer: ProgramSetup['optimizer'];
  readonly purposes: ProgramSetup['purposes'];
}

export function setupOf(request: SetupRequest): ProgramSetup {
  const { model, resolved, checkpoint_every, num_labels, batch_size, lengths, optimizer, purposes } = request;
  const backbone = model.backbone(request.dropout);
  const { num_hidden_layers, max_position_embeddings } = backbone.config;
  const longest = Math.max(...lengths);
  if (longest > max_position_embeddings) {
    throw new RetraceError({
      code: 'length-above-model',
      message: `A length of ${longest} tokens is asked for; ${model.name} has ${max_position_embeddings} positions.`,
      where: 'max_length',
      remedy: `Use a length of at most ${max_position_embeddings}.`,
    });
  }
  const range: PolicyRange = { from: 0, to: num_hidden_layers, policy: resolved.policy, every: checkpoint_every };
  return {
    backbone,
    method: resolved.method,
    options: resolved.options,
    ranges: [range],
    pooling: request.pooling ?? model.pooling,
    num_labels,
    storedType: model.storedType,
    batch_size,
    lengths,
    optimizer,
    purposes,
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
  const length = Math.max(...setup.lengths);
  const program = plan.programs.get(`training ${length}`);
  const [range] = setup.ranges;
  return {
    model: name,
    method: setup.method.name,
    policy: range?.policy ?? 'store',
    streams: setup.method.wire(setup.backbone.config, setup.options).streams,
    batch: setup.batch_size,
    length,
    trainable_parameters: trainableCount(registry),
    bytes: { ...plan.bytes, total: plan.total },
    peak: plan.peak,
    largest_binding: plan.largestBinding,
    dispatches: program?.lowered.nodes.reduce((sum, { calls }) => sum + calls.length, 0) ?? 0,
    timeline: plan.timeline
      .filter(({ program: of }) => of === `training ${length}`)
      .map(({ name: moment, live, activation }) => ({ name: moment, live, activation })),
  };
}

/** Cards of all methods, for the page and for help texts. */
export function methodCards(): MethodCard[] {
  return methods.map((method) => ({
    name: method.name,
    title: method.title,
    summary: method.summary,
    ...(method.paper ? { paper: method.paper } : {}),
    learning_rate: method.learning_rate,
    refusals: Object.fromEntries(policyNames.map((policy) => [policy, method.refuses(policy) ?? null])) as MethodCard['refusals'],
    default_policy: method.defaultPolicy,
    defaults: Object.fromEntries(streamKinds.map((streams) => [streams, resolveOptions(method, { streams })])) as MethodCard['defaults'],
    uses: method.uses,
  }));
}
