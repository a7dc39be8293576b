// What it takes to write a text: dispatches of a token and bytes beside the model's, by plan, for GPT-2's configuration with each method; and tokens a second
// of a small random GPT-2 (4 layers, 128 wide, 4,096 words), with kept keys and values and with the whole text read anew for every token.

import { planGeneration } from '../src/generate/programs.ts';
import { Writer } from '../src/generate/writer.ts';
import { methods, resolveOptions } from '../src/methods/registry.ts';
import { gpt2, readGpt2Config } from '../src/models/gpt2.ts';
import { defaultTraining } from '../src/protocol/config.ts';
import { taskNamed } from '../src/tasks/registry.ts';
import { type ProgramSetup, planPrograms, streamLimitOf } from '../src/train/programs.ts';
import { randomModel } from '../test/random_model.ts';
import { testEngine } from '../test/testing.ts';

const task = taskNamed('language_modelling');
const room = { batch_size: 1, prompt: 64, capacity: 256 };

/** Plans alone: no device. */
function planned(name: string) {
  const backbone = gpt2(readGpt2Config({}, 'GPT-2'));
  const method = methods.find((own) => own.name === name) as (typeof methods)[number];
  const options = resolveOptions(method, {}, backbone.defaults);
  const setup: ProgramSetup = {
    ...{ task, backbone, method, options, pooling: undefined, num_labels: 1, storedType: () => 'f32', batch_size: 1 },
    ranges: [{ from: options.frozen_layers, to: backbone.config.num_hidden_layers, policy: 'store' }],
    ...{ buckets: [{ length: 64 }], optimizer: defaultTraining, purposes: ['evaluation'] },
  };
  const { plan } = planGeneration(setup, planPrograms(setup), room);
  const dispatches = (program: string) => plan.programs.get(program)?.lowered.nodes.reduce((sum, { calls }) => sum + calls.length, 0) ?? 0;
  return { method: name, next: dispatches('next'), prefill: dispatches('prefill'), bytes: plan.total, activation: plan.bytes.activation };
}

const small = {
  ...{ hidden_size: 128, num_attention_heads: 4, intermediate_size: 512, num_hidden_layers: 4 },
  ...{ vocab_size: 4096, max_position_embeddings: 256 },
};

async function timed(): Promise<{ kept: number; anew: number }> {
  const model = await randomModel(small, 'gpt2');
  const { setup, executor, registry } = await testEngine({
    ...{ model, task, method: 'linear-probe', policy: 'store', pooling: 'last', num_labels: 1, batch_size: 1, lengths: [8] },
    change: (own) => ({ ...own, purposes: ['evaluation'] }),
  });
  const plan = planGeneration(setup, { plan: executor.plan, registry }, { batch_size: 1, prompt: 96, capacity: 96 });
  const writer = new Writer(await executor.beside(plan.plan), plan, streamLimitOf(setup));
  const text = Array.from({ length: 64 }, (_, i) => i + 1);
  await writer.begin([text]);
  await writer.next([1]);
  const seconds = async (work: () => Promise<unknown>) => {
    const begun = performance.now();
    await work();
    return (performance.now() - begun) / 1000;
  };
  const count = 24;
  await writer.begin([text]);
  const kept = await seconds(async () => {
    for (let i = 0; i < count; i++) await writer.next([i]);
  });
  const anew = await seconds(async () => {
    for (let i = 0; i < count; i++) await writer.begin([[...text, ...Array.from({ length: i + 1 }, (_, j) => j)]]);
  });
  writer.close();
  executor.destroy();
  return { kept: count / kept, anew: count / anew };
}

export async function run(json: boolean, of: readonly string[]): Promise<void> {
  const names = of.length > 0 ? of : ['linear-probe', 'lora', 'ia3', 'meft1', 'prefix-tuning', 'read'];
  const rows = names.map(planned);
  const speed = await timed();
  if (json) {
    console.log(JSON.stringify({ rows, tokens_per_second: speed }));
    return;
  }
  console.log(
    'GPT-2, one text of 256 tokens, prompt of 64: dispatches of a token and of the prompt, MiB beside the model, of which the cache',
  );
  for (const { method, next, prefill, bytes, activation } of rows)
    console.log(`${method.padEnd(16)}${next} ${prefill}  ${(bytes / 2 ** 20).toFixed(1)}  ${(activation / 2 ** 20).toFixed(1)}`);
  console.log(
    `small GPT-2 at 64 to 88 tokens: ${speed.kept.toFixed(1)} tokens/s, read anew ${speed.anew.toFixed(1)} (${(speed.kept / speed.anew).toFixed(1)} ×)`,
  );
}
