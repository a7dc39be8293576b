// The plan of a run that is asked about before it begins, from a model's configuration alone. Not here: what a run itself plans (engine.ts).

import type { Device } from '../../gpu/device.ts';
import { formsOn } from '../../gpu/forms.ts';
import { defaultTraining } from '../../protocol/config.ts';
import type { PlanReport, PlanRequest } from '../../protocol/messages.ts';
import { planPrograms } from '../../train/programs.ts';
import { granularityOn } from '../engine/engine.ts';
import { reportPlan, requireTextLength, resolveMethod, setupOf } from '../engine/setup.ts';
import { writingReport } from '../engine/written.ts';
import type { BaseModel } from '../models/base_model.ts';
import { requireWeights } from '../models/required_weights.ts';
import { poolingFor, requireTask, taskFor } from '../models/task_fit.ts';

/** What a run on this device would take; without one, what takes the least memory. Errors: `task-refused`, those of `requireWeights` and of `setupOf`. */
export function planOf(model: BaseModel, request: PlanRequest, device?: Device): PlanReport {
  const resolved = resolveMethod(request.method, request.policy, request.options, model.backbone().defaults);
  // Also where the texts at hand are all shorter: what is planned must be what is trained and exported.
  requireTextLength(model, resolved, request.length);
  const task = taskFor(request.task, model.backbone());
  requireTask(task, model.backbone());
  requireWeights(model, poolingFor(task, request.pooling, model));
  const training = { ...defaultTraining, ...request.optimizer };
  const setup = setupOf({
    task,
    model,
    resolved,
    memory: { ...request, granularity: request.granularity ?? (device ? granularityOn(device) : 'frugal') },
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
  const planned = planPrograms(setup);
  return { ...reportPlan(model.name, setup, planned), ...writingReport(task, setup, planned, training.max_generate_samples) };
}
