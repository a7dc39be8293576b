// References of gradient clipping and of the updates that work element by element: AdamW (Loshchilov & Hutter 2019, as torch.optim.AdamW), SGD (as
// torch.optim.SGD) and Lion (Chen et al. 2023).
import { at, type Reference } from './kernel.ts';

export const square_sum: Reference<'square_sum'> = ({ g, partials }, { count, offset, sums }) => {
  partials.fill(0, offset, offset + sums);
  for (let i = 0; i < count; i++) partials[offset + (i % sums)] = at(partials, offset + (i % sums)) + at(g, i) ** 2;
};

export const clip_scale: Reference<'clip_scale'> = ({ partials, out }, { count, slot }, _, step) => {
  const norm = Math.sqrt(partials.subarray(0, count).reduce((sum, partial) => sum + partial, 0));
  out[slot] = norm;
  out[slot + 1] = step.max_grad_norm > 0 ? Math.min(1, step.max_grad_norm / (norm + 1e-6)) : 1;
};

export const adamw: Reference<'adamw'> = ({ parameter, gradient, exp_avg, exp_avg_sq, scalars }, uniforms, _, step) => {
  const { count, slot, beta1, beta2, eps, weight_decay, lr_scale } = uniforms;
  const lr = step.learning_rate * lr_scale;
  for (let i = 0; i < count; i++) {
    const g = at(gradient, i) * at(scalars, slot);
    const m = beta1 * at(exp_avg, i) + (1 - beta1) * g;
    const v = beta2 * at(exp_avg_sq, i) + (1 - beta2) * g * g;
    exp_avg[i] = m;
    exp_avg_sq[i] = v;
    const denominator = Math.sqrt(v) / step.bias_correction2_sqrt + eps;
    parameter[i] = at(parameter, i) * (1 - lr * weight_decay) - ((lr / step.bias_correction1) * m) / denominator;
  }
};

export const sgd: Reference<'sgd'> = ({ parameter, gradient, momentum_buffer, scalars }, uniforms, { MOMENTUM = 0 }, step) => {
  const { count, slot, momentum, weight_decay, lr_scale } = uniforms;
  for (let i = 0; i < count; i++) {
    const g = at(gradient, i) * at(scalars, slot) + weight_decay * at(parameter, i);
    const m = MOMENTUM ? momentum * at(momentum_buffer, i) + g : g;
    if (MOMENTUM) momentum_buffer[i] = m;
    parameter[i] = at(parameter, i) - step.learning_rate * lr_scale * m;
  }
};

export const lion: Reference<'lion'> = ({ parameter, gradient, exp_avg, scalars }, uniforms, _, step) => {
  const { count, slot, beta1, beta2, weight_decay, lr_scale } = uniforms;
  const lr = step.learning_rate * lr_scale;
  for (let i = 0; i < count; i++) {
    const g = at(gradient, i) * at(scalars, slot);
    const m = at(exp_avg, i);
    parameter[i] = at(parameter, i) * (1 - lr * weight_decay) - lr * Math.sign(beta1 * m + (1 - beta1) * g);
    exp_avg[i] = beta2 * m + (1 - beta2) * g;
  }
};
