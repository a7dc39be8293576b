// sgd: stochastic gradient descent with momentum (as torch.optim.SGD: weight decay is added to the gradient, no dampening, no Nesterov). Without
// momentum it keeps nothing.

import { updateSlabs } from './elements.ts';
import { likeParameter, type Optimizer } from './optimizer.ts';

export const sgd: Optimizer = {
  states: ({ momentum }) => (momentum > 0 ? [likeParameter('momentum_buffer')] : []),
  scalars: () => ({}),
  update(request) {
    const { momentum } = request.training;
    updateSlabs(request, 'sgd', { momentum, MOMENTUM: momentum > 0 ? 1 : 0 });
  },
};
