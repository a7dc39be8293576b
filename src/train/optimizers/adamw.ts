// adamw: Adam with decoupled weight decay (Loshchilov & Hutter 2019, as torch.optim.AdamW). The defaults are those of the first run's recipe.

import { updateRanges } from './elements.ts';
import { likeParameter, type Optimizer } from './optimizer.ts';

export const adamw: Optimizer = {
  name: 'adamw',
  title: 'AdamW',
  defaults: { adam_beta1: 0.9, adam_beta2: 0.98, adam_epsilon: 1e-6 },
  learning_rate_factor: 1,
  states: () => [likeParameter('exp_avg'), likeParameter('exp_avg_sq')],
  scalars: (t, { adam_beta1, adam_beta2 }) => ({
    bias_correction1: 1 - adam_beta1 ** t,
    bias_correction2_sqrt: Math.sqrt(1 - adam_beta2 ** t),
  }),
  update(request) {
    const { adam_beta1: beta1, adam_beta2: beta2, adam_epsilon: eps } = request.training;
    updateRanges(request, 'adamw', { beta1, beta2, eps });
  },
};
