// LORA: lora_A and lora_B beside named dense layers; with `bias`, the backbone's own biases too.

import { countOf, layerOf, listed, namesOf, numberOf, type PeftConfig, type PeftType, refusePeft } from './peft_type.ts';

const biases = ['none', 'all', 'lora_only'];
/** Ways to start that leave the base as it is; the others (PiSSA, OLoRA, LoftQ, ...) take something out of its weights. */
const plainStarts = [true, false, 'gaussian', 'eva', 'orthogonal'];

/** The first layer of `layers_to_transform`; those above must all be there, which their tensors show. */
function frozenLayers(given: PeftConfig): number {
  const layers = given.layers_to_transform;
  if (layers === undefined || layers === null) return 0;
  const sorted = Array.isArray(layers) ? (layers as unknown[]).toSorted((a, b) => Number(a) - Number(b)) : [];
  const [first] = sorted;
  if (!Number.isInteger(first) || sorted.some((layer, i) => layer !== Number(first) + i)) {
    return refusePeft(given, 'layers_to_transform', 'every layer from one on to the last');
  }
  return Number(first);
}

export const lora: PeftType = {
  peft_type: 'LORA',
  method: 'lora',
  prefix: 'base_model.model.',
  known: ['init_lora_weights', 'layers_to_transform', 'layers_pattern', 'target_modules'],
  toPeft({ hyper_parameters }, specs) {
    const { adapter_size, lora_alpha, lora_dropout, target_modules, bias } = hyper_parameters;
    const layers = specs.filter(({ name }) => name.includes('.lora_A.')).map(({ name }) => layerOf(name));
    return {
      alpha_pattern: {},
      bias: bias ?? 'none',
      fan_in_fan_out: false,
      init_lora_weights: true,
      layers_pattern: null,
      layers_to_transform: Math.min(...layers) > 0 ? [...new Set(layers)].toSorted((a, b) => a - b) : null,
      lora_alpha,
      lora_dropout,
      r: adapter_size,
      rank_pattern: {},
      target_modules: listed(target_modules).toSorted(),
    };
  },
  fromPeft(given) {
    const bias = String(given.bias ?? 'none');
    if (!biases.includes(bias)) refusePeft(given, 'bias', biases.map((name) => `"${name}"`).join(' or '));
    if (!plainStarts.some((start) => start === (given.init_lora_weights ?? true)))
      refusePeft(given, 'init_lora_weights', 'a start that leaves the base model as it is');
    const frozen_layers = frozenLayers(given);
    return {
      adapter_size: countOf(given, 'r', 8),
      lora_alpha: numberOf(given, 'lora_alpha', 8),
      lora_dropout: numberOf(given, 'lora_dropout', 0),
      target_modules: namesOf(given, 'target_modules'),
      bias,
      ...(frozen_layers > 0 ? { frozen_layers } : {}),
    };
  },
  place({ name, shape }, specs, _, inBackbone) {
    // PEFT wraps a dense layer that it adapts, so that the layer's own bias moves one down.
    const path = name.replace(/\.bias$/, '');
    const wrapped = path !== name && specs.some((spec) => spec.name === `${path}.lora_A.weight`);
    return { name: inBackbone(wrapped ? `${path}.base_layer.bias` : name), shape };
  },
  // With bias "all" PEFT saves every tensor that has "bias" in its name, which takes the head's a second and a third time.
  ignores: (name) => /\.classifier\.(modules_to_save|original_module)\.bias$/.test(name),
};
