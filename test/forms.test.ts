// Forms of kernels for graphics processors in a whole model, all of them, on the device at hand: a few steps have the same bits under every policy and
// granularity, the losses of the first forms but for roundings, and take the bytes of the plan. Not here: each kernel by itself (kernels/).

import { beforeAll, expect, test } from 'vitest';
import type { Device } from '../src/gpu/device.ts';
import { type Forms, forms, formsFor } from '../src/kernels/forms.ts';
import type { PolicyName } from '../src/protocol/config.ts';
import type { BaseModel } from '../src/session/models/base_model.ts';
import type { ProgramSetup } from '../src/train/programs.ts';
import { differences, type Outcome, outcomeOf, smallShape } from './outcome.ts';
import { randomBatch, randomModel } from './random_model.ts';
import { testDevice } from './testing.ts';

/** A block of rows and a short one. */
const T = 72;
const B = 4;

let device: Device;
let model: BaseModel;

beforeAll(async () => {
  device = await testDevice();
  model = await randomModel({ ...smallShape, max_position_embeddings: T, num_hidden_layers: 2 });
});

const outcome = (policy: PolicyName, own: Forms, change: Partial<ProgramSetup> = {}): Promise<Outcome> =>
  outcomeOf(
    {
      ...{ model, policy, method: 'meft1', options: { adapter_size: 16 }, pooling: 'mean', num_labels: 5, batch_size: B, lengths: [T] },
      ...{ training: { dropout: 0.1, warmup_ratio: 0, learning_rate: 1e-3 }, device, forms: own },
      change: (setup) => ({ ...setup, ...change }),
    },
    [0, 1].map((step) => randomBatch(step, B, T, 64, 5)),
  );

/** Forms that a graphics processor with this device's features has, for all calls that they can compute: of each kernel the `turn`-th first. */
function turned(turn: number): Forms {
  const all = formsFor({ software: false, features: device.device.features });
  return Object.fromEntries(
    Object.entries(all).map(([kernel, names]) => [`${kernel} *`, names.map((_, i) => names[(i + turn) % names.length] as string)]),
  );
}

const forGpus = Object.values(forms).map((named) => Object.values(named).filter(({ devices }) => devices === 'gpu').length);

test.each(Array.from({ length: Math.max(...forGpus) }, (_, turn) => turn))(
  'forms for GPUs, turn %i, keep the bits of store under every policy and granularity, near the losses of the first forms',
  async (turn) => {
    const first = await outcome('store', {});
    const stored = await outcome('store', turned(turn), { granularity: 'fast' });
    for (const [i, { loss }] of stored.steps.entries()) expect(loss).toBeCloseTo(first.steps[i]?.loss as number, 4);
    // Forms of products round otherwise, so these are other forms indeed.
    expect(differences(first, stored)).not.toEqual([]);
    const others = [
      await outcome('store', turned(turn), { chunks: 2, token_chunk: 64 }),
      await outcome('reversible', turned(turn), { granularity: 'fast' }),
      await outcome('reversible', turned(turn), { chunks: 4, token_chunk: 64 }),
    ];
    for (const other of others) expect(differences(stored, other)).toEqual([]);
    for (const { memory } of [stored, ...others]) {
      expect(memory.before).toEqual(memory.planned);
      expect(memory.after).toEqual(memory.planned);
    }
  },
  600_000,
);
