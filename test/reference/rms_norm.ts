// References of normalisation by the root mean square (Zhang & Sennrich 2019, arXiv:1910.07467).
import { add, at, type Reference } from './kernel.ts';

export const rms_norm: Reference<'rms_norm'> = ({ x, weight, y, rstd }, { N, C, eps }) => {
  for (let n = 0; n < N; n++) {
    let square = 0;
    for (let c = 0; c < C; c++) square += at(x, n * C + c) ** 2 / C;
    rstd[n] = 1 / Math.sqrt(square + eps);
    for (let c = 0; c < C; c++) y[n * C + c] = at(x, n * C + c) * at(rstd, n) * at(weight, c);
  }
};

export const rms_norm_backward: Reference<'rms_norm_backward'> = ({ d_y, x, rstd, weight }, { N, C }) => {
  for (let n = 0; n < N; n++) {
    const normalized = (c: number) => at(x, n * C + c) * at(rstd, n);
    let product = 0;
    for (let c = 0; c < C; c++) product += (at(d_y, n * C + c) * at(weight, c) * normalized(c)) / C;
    for (let c = 0; c < C; c++) d_y[n * C + c] = at(rstd, n) * (at(d_y, n * C + c) * at(weight, c) - normalized(c) * product);
  }
};

export const rms_norm_weight: Reference<'rms_norm_weight'> = ({ d_y, x, rstd, d_weight }, { N, C }) => {
  for (let i = 0; i < N * C; i++) add(d_weight, i % C, at(d_y, i) * at(x, i) * at(rstd, Math.floor(i / C)));
};
