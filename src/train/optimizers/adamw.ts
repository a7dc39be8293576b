// adamw: Adam with decoupled weight decay (Loshchilov & Hutter 2019, as torch.optim.AdamW).

import { updateSlabs } from './elements.ts';
import { likeParameter, type Optimizer } from './optimizer.ts';

export const adamw: Optimizer = {
  states: () => [likeParameter('exp_avg'), likeParameter('exp_avg_sq')],
  scalars: (t, { adam_beta1, adam_beta2 }) => ({
    bias_correction1: 1 - adam_beta1 ** t,
    bias_correction2_sqrt: Math.sqrt(1 - adam_beta2 ** t),
  }),
  update(request) {
    const { adam_beta1: beta1, adam_beta2: beta2, adam_epsilon: eps } = request.training;
    updateSlabs(request, 'adamw', { beta1, beta2, eps });
  },
};
