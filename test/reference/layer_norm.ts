// References of layer normalisation (Ba et al. 2016, arXiv:1607.06450) with the residual sum before it.
import { dropoutFactor } from './activation.ts';
import { add, at, type Reference } from './kernel.ts';

export const layer_norm: Reference<'layer_norm'> = (
  { x, residual, weight, bias, y, stats },
  { N, C, eps, first, example, site, p },
  { RESIDUAL = 0, DROPOUT = 0 },
  step,
) => {
  const factor = DROPOUT ? dropoutFactor(step, site, p) : () => 1;
  for (let n = 0; n < N; n++) {
    let mean = 0;
    for (let c = 0; c < C; c++) {
      if (RESIDUAL) add(x, n * C + c, at(residual, n * C + c));
      mean += at(x, n * C + c) / C;
    }
    let variance = 0;
    for (let c = 0; c < C; c++) variance += (at(x, n * C + c) - mean) ** 2 / C;
    const rstd = 1 / Math.sqrt(variance + eps);
    for (let c = 0; c < C; c++) {
      const i = n * C + c;
      y[i] = ((at(x, i) - mean) * rstd * at(weight, c) + at(bias, c)) * factor(step.first_example * example + first + i);
    }
    stats.set([mean, rstd], 2 * n);
  }
};

export const layer_norm_backward: Reference<'layer_norm_backward'> = (
  { d_y, s, stats, weight, dropped, d_s },
  { N, C, first, example, site, p, scale },
  { DROPOUT = 0, APART = 0 },
  step,
) => {
  const factor = dropoutFactor(step, site, p);
  for (let n = 0; n < N; n++) {
    const normalized = (c: number) => (at(s, n * C + c) - at(stats, 2 * n)) * at(stats, 2 * n + 1);
    let mean = 0;
    let product = 0;
    for (let c = 0; c < C; c++) {
      const g = at(d_y, n * C + c) * at(weight, c);
      mean += g / C;
      product += (g * normalized(c)) / C;
    }
    for (let c = 0; c < C; c++) {
      const g = at(d_y, n * C + c) * at(weight, c);
      const i = n * C + c;
      const made = at(stats, 2 * n + 1) * (g - mean - normalized(c) * product);
      const kept = DROPOUT ? made * factor(step.first_example * example + first + i) : made;
      if (DROPOUT === 1) dropped[i] = kept;
      (APART ? d_s : d_y)[i] = DROPOUT === 2 ? kept : made;
      if (APART === 2) d_y[i] = scale * at(d_y, i);
    }
  }
};

export const layer_norm_parameters: Reference<'layer_norm_parameters'> = ({ d_y, s, stats, d_weight, d_bias }, { N, C }, { BIAS = 1 }) => {
  for (let i = 0; i < N * C; i++) {
    const n = Math.floor(i / C);
    add(d_weight, i % C, at(d_y, i) * (at(s, i) - at(stats, 2 * n)) * at(stats, 2 * n + 1));
    if (BIAS) add(d_bias, i % C, at(d_y, i));
  }
};
