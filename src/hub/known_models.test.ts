// Parameters of the models to begin with, against the architecture's own names and shapes.

import { expect, test } from 'vitest';
import { sizeOf } from '../graph/tensor.ts';
import { backboneOf } from '../models/registry.ts';
import type { PlannedModel } from '../session/engine/setup.ts';
import { backboneParameters } from '../session/models/required_weights.ts';
import { knownModels, modelThatSees, modelThatWrites } from './known_models.ts';

/** Parameters below the classifier, or below and with the pooler. */
function backboneSize(model_type: string, hidden_size: number): number {
  const config = { model_type, hidden_size, num_attention_heads: hidden_size / 64, intermediate_size: 4 * hidden_size };
  const backbone = backboneOf(config, 'known');
  const model: PlannedModel = { name: 'known', backbone: () => backbone, pooling: 'mean', storedType: () => 'f32' };
  const needed = backboneParameters(model, 'mean').filter(({ owner }) => owner === 'backbone');
  return needed.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

test.each([
  ['facebook/deit-tiny-patch16-224', 'vit', 192, 1000 * 193],
  ['WinKawaks/vit-tiny-patch16-224', 'vit', 192, 1000 * 193],
  ['facebook/deit-small-patch16-224', 'vit', 384, 1000 * 385],
  ['google/vit-base-patch16-224-in21k', 'vit', 768, 768 * 769],
  ['google/vit-base-patch16-224', 'vit', 768, 1000 * 769],
  ['facebook/deit-tiny-distilled-patch16-224', 'deit', 192, 2000 * 193],
  ['facebook/deit-small-distilled-patch16-224', 'deit', 384, 2000 * 385],
] as const)('%s has the parameters of its layers and what stands above them', (id, model_type, width, above) => {
  const known = knownModels.find((model) => model.id === id);
  expect(known).toMatchObject({ model_type, parameters: backboneSize(model_type, width) + above, licence: 'apache-2.0' });
  expect(known?.bytes).toBe(4 * (known?.parameters ?? 0));
});

test('the models that are offered in the place of another are among them', () => {
  const ids = knownModels.map(({ id }) => id);
  expect(ids).toContain(modelThatSees);
  expect(ids).toContain(modelThatWrites);
  expect(new Set(ids).size).toBe(ids.length);
});
