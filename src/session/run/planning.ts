// The plan of a run that is asked about before it begins, from a model's configuration alone. Not here: what a run itself plans (engine.ts).

import type { Device } from '../../gpu/device.ts';
import { formsOn } from '../../gpu/forms.ts';
import type { GranularityPrice } from '../../protocol/budget.ts';
import { defaultTraining, type GranularityName, granularityNames } from '../../protocol/config.ts';
import type { PlanReport, PlanRequest } from '../../protocol/messages.ts';
import { type ProgramSetup, planPrograms } from '../../train/programs.ts';
import { budgetReport, hasToChoose, type KnownDevice, settle, typicalDevice } from '../engine/budget.ts';
import { granularityOn } from '../engine/engine.ts';
import { reportPlan, requireTextLength, resolveMethod, setupOf } from '../engine/setup.ts';
import { writingReport } from '../engine/written.ts';
import type { BaseModel } from '../models/base_model.ts';
import { requireWeights } from '../models/required_weights.ts';
import { poolingFor, requireTask, taskFor } from '../models/task_fit.ts';

/** The device that a run would have, and how fast it is; each where that is known. */
export interface PlannedDevice {
  readonly device?: Device | undefined;
  readonly known?: KnownDevice | undefined;
}

/**
 * What a run on this device would take; without one, what takes the least memory. Errors: `budget-too-small`, `task-refused`, those of `requireWeights` and of
 * `setupOf`.
 */
export function planOf(model: BaseModel, request: PlanRequest, { device, known: measured }: PlannedDevice = {}): PlanReport {
  const resolved = resolveMethod(request.method, request.policy, request.options, model.backbone().defaults);
  // Also where the texts at hand are all shorter: what is planned must be what is trained and exported.
  requireTextLength(model, resolved, request.length);
  const task = taskFor(request.task, model.backbone());
  requireTask(task, model.backbone());
  requireWeights(model, poolingFor(task, request.pooling, model));
  const training = { ...defaultTraining, ...request.optimizer };
  const asked = setupOf({
    task,
    model,
    resolved,
    memory: hasToChoose(request)
      ? request
      : { ...request, granularity: request.granularity ?? (device ? granularityOn(device) : 'frugal') },
    pooling: request.pooling,
    num_labels: task.outputs(request.num_labels),
    batch_size: request.batch_size,
    rows_per_example: request.rows_per_example,
    buckets: request.buckets ?? [{ length: request.length }],
    dropout: request.dropout,
    optimizer: training,
    loss: training,
    purposes: request.buckets ? ['training', 'evaluation'] : ['training'],
    ...(device ? { forms: formsOn(device) } : {}),
  });
  const known = measured ?? (hasToChoose(request) ? typicalDevice : undefined);
  const settled = settle(request, asked, known);
  const { setup } = settled;
  const planned = planPrograms(setup);
  const isOneStep = setup.buckets.length === 1 && setup.purposes.length === 1;
  const report = { ...reportPlan(model.name, setup, planned), ...budgetReport(settled, planned.plan, known) };
  // Of one training step of the longest texts: all programs of a run would take several times as long to plan, and its arena is the largest.
  const priceAt = (granularity: GranularityName): GranularityPrice => {
    const at: ProgramSetup = { ...setup, granularity, buckets: setup.buckets.slice(-1), purposes: ['training'] };
    const other = isOneStep && granularity === report.granularity ? planned : planPrograms(at);
    const { bytes, dispatches } = reportPlan(model.name, at, other);
    const { predicted } = budgetReport({ setup: at, memory: request }, other.plan, known);
    return {
      ...{ granularity, dispatches, activation_and_workspace: bytes.activation + bytes.workspace },
      ...(predicted ? { predicted_ms: predicted.ms } : {}),
    };
  };
  return {
    ...report,
    ...(request.granularities === 'all' ? { granularities: granularityNames.map(priceAt) } : {}),
    ...writingReport(task, setup, planned, training.max_generate_samples),
  };
}
