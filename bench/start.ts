// What stands before the first step of a run: bind groups of all its programs, by plan, and the time from a model on disk to the result of the first step, with when its
// weights were in. MiniLM and BERT-base's configurations, MEFT1 and LoRA, six padded lengths. `start groups` needs no GPU. Not a test: times are the machine's.

import { nodeHost } from '../cli/host.ts';
import { BindGroups } from '../src/gpu/bind_groups.ts';
import { openDevice } from '../src/gpu/device.ts';
import { methodNamed, resolveOptions } from '../src/methods/registry.ts';
import { type Backbone, ownPooling } from '../src/models/model.ts';
import type { Plan } from '../src/plan/plan.ts';
import { defaultTraining, type MethodName, type PolicyName } from '../src/protocol/config.ts';
import { startEngine } from '../src/session/engine/engine.ts';
import { tokenizerOf } from '../src/session/models/open_models.ts';
import { classification } from '../src/tasks/classification.ts';
import { planPrograms } from '../src/train/programs.ts';
import { randomBatch } from '../test/random_model.ts';
import { bundledModel } from './bundled.ts';
import { planned } from './dispatches.ts';

const lengths = [16, 32, 48, 64, 96, 128];
const cells = [
  ['meft1', 'reversible'],
  ['lora', 'store'],
] as const satisfies readonly (readonly [MethodName, PolicyName])[];

const descriptorOf = ({ layout, entries }: GPUBindGroupDescriptor): string => JSON.stringify([layout, [...entries]]);

/** Bind groups of all programs of a plan, made on a stand-in for a device: what each was asked for, and how many dispatches there are. */
export function bindGroupsOf(plan: Plan): { readonly dispatches: number; readonly made: readonly string[]; readonly ms: number } {
  const descriptors: GPUBindGroupDescriptor[] = [];
  // Stand-ins: their names and numbers are all that is looked at.
  const groups = new BindGroups({
    plan,
    device: { createBindGroup: (descriptor) => ({ made: descriptors.push(descriptor) }) as unknown as GPUBindGroup },
    layout: (kernel) => kernel as unknown as GPUBindGroupLayout,
    buffer: (index) => index as unknown as GPUBuffer,
  });
  let dispatches = 0;
  const begin = performance.now();
  for (const program of plan.programs.values()) {
    const calls = program.lowered.nodes.flatMap((node) => node.calls);
    for (const [i, call] of calls.entries()) groups.of(program, call, program.uniformOffsets[i] as number);
    dispatches += calls.length;
  }
  return { dispatches, made: descriptors.map(descriptorOf), ms: performance.now() - begin };
}

/** A run of classes over these padded lengths. */
export function planOfRun(backbone: Backbone, method: MethodName, policy: PolicyName, of: readonly number[] = lengths): Plan {
  const { num_hidden_layers } = backbone.config;
  return planPrograms({
    ...{ task: classification, backbone, method: methodNamed(method), options: resolveOptions(methodNamed(method), {}, backbone.defaults) },
    ranges: [{ from: 0, to: num_hidden_layers, policy }],
    ...{
      pooling: ownPooling(backbone),
      num_labels: 10,
      storedType: () => 'f32',
      batch_size: 16,
      buckets: of.map((length) => ({ length })),
    },
    ...{ optimizer: defaultTraining, purposes: ['training', 'evaluation'] },
  }).plan;
}

/** Milliseconds from the beginning to the end of each phase's news, and to the first step's result. */
async function firstStep(method: MethodName, policy: PolicyName) {
  const device = await openDevice(await nodeHost().gpu());
  const model = await bundledModel();
  const tokenizer = await tokenizerOf(model);
  const [begin, before] = [performance.now(), process.cpuUsage()];
  const last = new Map<string, number>();
  const engine = await startEngine(device, {
    ...{ model, tokenizer, labels: ['a', 'b'], max_steps: 8, purposes: ['training', 'evaluation'] },
    buckets: [8, 16, 24].map((length) => ({ length })),
    config: { method, policy, checkpoint_every: 1, options: {}, pooling: 'mean', training: defaultTraining },
    onPhase: (phase) => last.set(phase, performance.now() - begin),
    onPlan: () => undefined,
  });
  const started = performance.now() - begin;
  await engine.trainer.step(0, [randomBatch(1, 16, 24, 30522, 2, false)]);
  const stepped = performance.now() - begin;
  const { user, system } = process.cpuUsage(before);
  engine.executor.destroy();
  return { method, policy, phases: Object.fromEntries(last), started, stepped, busy: (user + system) / 1000 };
}

export async function run(json: boolean, of: readonly string[]): Promise<void> {
  const groups = ['MiniLM', 'BERT-base'].flatMap((model) =>
    cells.map(([method, policy]) => {
      const { dispatches, made, ms } = bindGroupsOf(planOfRun(planned[model] as Backbone, method, policy));
      return { model, method, policy, dispatches, bind_groups: made.length, ms };
    }),
  );
  const starts = [];
  if (!of.includes('groups')) for (const [method, policy] of cells) starts.push(await firstStep(method, policy));
  if (json) return console.log(JSON.stringify({ groups, starts }));
  for (const { model, method, policy, dispatches, bind_groups, ms } of groups) {
    console.log(`${model} ${method} ${policy}: ${bind_groups} bind groups for ${dispatches} dispatches, keyed in ${ms.toFixed(0)} ms`);
  }
  for (const { method, policy, phases, started, stepped, busy } of starts) {
    const told = Object.entries(phases).map(([phase, ms]) => `${phase} until ${ms.toFixed(0)} ms`);
    console.log(
      `${method} ${policy}: ${told.join(', ')}; ready at ${started.toFixed(0)} ms, first step at ${stepped.toFixed(0)} ms; ${busy.toFixed(0)} ms of processor time`,
    );
  }
}
