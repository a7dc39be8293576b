// IA3: one vector for each named dense layer, [out, 1] on what leaves it, or [1, in] on what enters where it is among feedforward_modules.

import { listed, lowestLayer, matches, namesOf, type PeftType, refusePeft } from './peft_type.ts';

const suffix = '.ia3_l';

export const ia3: PeftType = {
  peft_type: 'IA3',
  method: 'ia3',
  prefix: 'base_model.model.',
  known: ['init_ia3_weights', 'target_modules', 'feedforward_modules'],
  refuses: (specs) => (lowestLayer(specs) > 0 ? 'PEFT scales every layer by (IA)³; here the bottom ones have none.' : undefined),
  toPeft: ({ hyper_parameters: { target_modules, feedforward_modules } }) => ({
    exclude_modules: null,
    fan_in_fan_out: false,
    feedforward_modules: listed(feedforward_modules).toSorted(),
    init_ia3_weights: true,
    target_modules: listed(target_modules).toSorted(),
  }),
  fromPeft(given) {
    const target_modules = namesOf(given, 'target_modules');
    const feedforward_modules = namesOf(given, 'feedforward_modules', []);
    if (feedforward_modules.some((name) => !target_modules.includes(name)))
      refusePeft(given, 'feedforward_modules', 'a part of target_modules');
    return { target_modules, feedforward_modules };
  },
  place({ name, shape: [size = 0] }, _, { hyper_parameters }, inBackbone) {
    const feedforward = matches(name.slice(0, -suffix.length), listed(hyper_parameters.feedforward_modules));
    return { name: inBackbone(name), shape: feedforward ? [1, size] : [size, 1] };
  },
};
