// For tests: what a few steps of a small model leave behind, to be compared to the last bit. Not here: how an engine is made (testing.ts).

import type { Batch } from '../src/data/batches.ts';
import type { Parameter } from '../src/graph/tensor.ts';
import type { CategoryBytes, MethodChoices } from '../src/protocol/config.ts';
import type { StepResult, ValuesByName } from '../src/train/trainer.ts';
import { bundledVocabulary, type ModelShape, slicesOf } from './random_model.ts';
import { type TestRequest, testEngine } from './testing.ts';

/** Three layers that train in moments. */
export const smallShape: ModelShape = {
  hidden_size: 32,
  num_attention_heads: 4,
  intermediate_size: 64,
  vocab_size: 64,
  max_position_embeddings: 32,
  num_hidden_layers: 3,
};

/** Two layers that read texts and pairs by the bundled tokenizer: for whole sessions, and the bases of the exports that Python checks. */
export const livedShape: ModelShape = { ...smallShape, num_hidden_layers: 2, vocab_size: bundledVocabulary, type_vocab_size: 2 };

/** What the methods' defaults would make too large for it, and dropout where a method has its own. */
export const smallChoices: MethodChoices = {
  adapter_size: 16,
  lora_dropout: 0.1,
  num_virtual_tokens: 4,
  rnn_hidden_size: 16,
  reduction_factor: 2,
  num_experts: 4,
  num_probed_experts: 2,
  num_activated: 4,
};

export interface Outcome {
  readonly trainables: readonly Parameter[];
  readonly steps: readonly StepResult[];
  readonly initial: ValuesByName;
  /** As the last step left them. */
  readonly gradients: ValuesByName;
  readonly parameters: ValuesByName;
  /** Bytes by plan, and by the allocator before the steps, after them, and once the executor is destroyed. */
  readonly memory: Readonly<Record<'planned' | 'before' | 'after' | 'released', CategoryBytes & { readonly total: number }>>;
}

/** Makes an engine, takes a step with each batch, evaluates the last, and frees everything. */
export async function outcomeOf(request: TestRequest, batches: readonly Batch[]): Promise<Outcome> {
  const { trainer, executor } = await testEngine(request);
  const account = () => {
    const { live, total } = executor.allocator.account;
    return { ...live, total };
  };
  const planned = { ...executor.plan.bytes, total: executor.plan.total };
  const before = account();
  const initial = await trainer.read('parameter');
  const steps: StepResult[] = [];
  const slices = (batch: Batch) => slicesOf(batch, request.batch_size, request.memory?.micro_batch_size ?? request.batch_size);
  for (const [step, batch] of batches.entries()) steps.push(await trainer.step(step, slices(batch)));
  const [gradients, parameters] = [await trainer.read('gradient'), await trainer.read('parameter')];
  await trainer.outputs(slices(batches.at(-1) as Batch)[0] as Batch);
  const after = account();
  executor.destroy();
  return { trainables: trainer.trainables, steps, initial, gradients, parameters, memory: { planned, before, after, released: account() } };
}

const bitsOf = ({ buffer, byteOffset, length }: Float32Array): Uint32Array => new Uint32Array(buffer, byteOffset, length);

/** Names whose numbers are not the same to the last bit, or that one of the two lacks. */
export function differingNames(a: ValuesByName, b: ValuesByName): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => {
    const [x, y] = [a.get(name), b.get(name)];
    if (x?.length !== y?.length || !x || !y) return true;
    const other = bitsOf(y);
    return bitsOf(x).some((word, i) => word !== other[i]);
  });
}

/** Losses, gradients and parameters of which two outcomes differ, by name. Empty where all bits are equal. */
export const differences = (a: Outcome, b: Outcome): string[] => [
  ...a.steps.flatMap(({ loss }, i) => (loss === b.steps[i]?.loss ? [] : [`loss of step ${i + 1}`])),
  ...differingNames(a.gradients, b.gradients).map((name) => `gradient of ${name}`),
  ...differingNames(a.parameters, b.parameters),
];
