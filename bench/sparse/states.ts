// Real hidden states: inputs of the feed-forward pairs of the bundled model on its own texts, as the host gets them from a running program.

import { readFileSync } from 'node:fs';
import type { Batch } from '../../src/data/batches.ts';
import { loadTokenizer } from '../../src/data/tokenizer.ts';
import { type HostRequest, localParameters, Offload } from '../../src/offload/offload.ts';
import { testEngine } from '../../test/testing.ts';
import { bundledModel, bundledTexts } from '../bundled.ts';

export interface States {
  readonly hidden_size: number;
  /** By layer: [tokens, hidden_size]. */
  readonly layers: readonly Float32Array[];
}

/** Every `step`-th text, one after the other, cut into rows of T tokens without padding. */
async function packed(B: number, T: number): Promise<Batch> {
  const tokenizer = await loadTokenizer((await bundledModel()).folder);
  const lines = readFileSync(bundledTexts(), 'utf8').trim().split('\n').slice(1);
  const ids: number[] = [];
  for (let i = 0; ids.length < B * T; i = (i + 151) % lines.length) {
    const text = (lines[i] as string).split('\t')[0] as string;
    ids.push(...tokenizer.encode(text, undefined, T).input_ids);
  }
  return {
    length: T,
    inputs: {
      input_ids: Uint32Array.from(ids.slice(0, B * T)),
      token_type_ids: new Uint32Array(B * T),
      position_ids: Uint32Array.from({ length: B * T }, (_, i) => i % T),
      lengths: new Uint32Array(B).fill(T),
      labels: new Int32Array(B),
    },
    counted: B,
    tokens: B * T,
  };
}

export async function realStates(B: number, T: number): Promise<States> {
  const layers: Float32Array[] = [];
  let hidden_size = 0;
  const { trainer, executor } = await testEngine({
    ...{
      model: await bundledModel(),
      method: 'sparse_meft',
      policy: 'store',
      pooling: 'mean',
      num_labels: 2,
      batch_size: B,
      lengths: [T],
    },
    async offload(modules) {
      hidden_size = modules[0]?.shape.hidden_size ?? 0;
      const local = localParameters(new Offload(modules));
      const answer = (request: HostRequest) => {
        if (request.call === 'retrieve') layers.push((request.reads[0] as Float32Array).slice());
        return local.answer(request);
      };
      return { ...local, answer };
    },
  });
  await trainer.outputs(await packed(B, T));
  executor.destroy();
  return { hidden_size, layers };
}
