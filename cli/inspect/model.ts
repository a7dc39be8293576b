// A model's folder: what it is, and whether its weights are those that its configuration asks for.

import { defaultTraining } from '../../src/protocol/config.ts';
import { describe, openBaseModel } from '../../src/session/base_model.ts';
import { resolveMethod, setupOf } from '../../src/session/setup.ts';
import { wanted } from '../../src/session/weights.ts';
import { planPrograms } from '../../src/train/programs.ts';
import { modelPlace, modelRef } from '../folders.ts';
import { bytesText, countText } from '../format.ts';
import { nodeHost } from '../host.ts';
import type { Finding } from './finding.ts';

export async function inspectModel(path: string): Promise<Finding> {
  const model = await openBaseModel(await modelRef(modelPlace(path)), nodeHost());
  const description = describe(model);
  const files = await model.folder.list();
  if (model.checkpoint) {
    const setup = setupOf({
      model,
      resolved: resolveMethod('linear-probe', 'store', {}),
      memory: { policy: 'store', checkpoint_every: 1 },
      pooling: description.pooling ?? 'mean',
      num_labels: 2,
      batch_size: 1,
      lengths: [Math.min(8, description.max_position_embeddings)],
      dropout: 0,
      optimizer: defaultTraining,
      purposes: ['evaluation'],
    });
    wanted(model, planPrograms(setup).registry);
  }
  const weights = model.checkpoint !== undefined;
  const missing = ['tokenizer.json', 'model.safetensors'].filter((name) => !files.includes(name));
  const { model_type, num_hidden_layers, hidden_size, parameters, stored_type, bytes, pooling, max_position_embeddings } = description;
  const what = weights
    ? `${countText(parameters)} parameters as ${stored_type}, ${bytesText(bytes)}; every tensor is there in its shape`
    : 'no weights';
  return {
    object: { type: 'model', ...{ ...description, missing } },
    text: [
      `${path}: ${model_type}, ${num_hidden_layers} layers of ${hidden_size}, at most ${max_position_embeddings} tokens, pooling ${pooling ?? 'is to be chosen: --pooling'}`,
      what,
      ...(missing.length > 0 ? [`missing: ${missing.join(', ')}${weights ? '' : '; enough for plan and compare'}`] : []),
    ].join('\n'),
  };
}
