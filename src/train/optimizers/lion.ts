// lion: the sign of a mean of gradients (Chen et al. 2023, arXiv:2302.06675, algorithm 2): one state, and every step of equal size.

import { updateSlabs } from './elements.ts';
import { likeParameter, type Optimizer } from './optimizer.ts';

export const lion: Optimizer = {
  states: () => [likeParameter('exp_avg')],
  scalars: () => ({}),
  update(request) {
    const { adam_beta1: beta1, adam_beta2: beta2 } = request.training;
    updateSlabs(request, 'lion', { beta1, beta2 });
  },
};
