// References of the matrix products of linear layers. The ragged kernels compute the same over rows of their own width, and share these.

import { undropped } from '../../src/kernels/table.ts';
import { activate, activationSlope, dropoutFactor } from './activation.ts';
import { add, at, type Reference } from './kernel.ts';

interface Columns {
  readonly N: number;
  /** Where N columns lie in wider rows; left out: they are the row. */
  readonly width?: number;
  readonly column?: number;
}

/** Index of column n of row m. */
const columnsOf =
  ({ N, width = N, column = 0 }: Columns) =>
  (m: number, n: number): number =>
    m * width + column + n;

/** out[M,N] = act(alpha · x[M,K] w[N,K]ᵀ + bias[N]) (+ out), dropped out where that is asked for, and zeros up to the next multiple of 4 where rows are wider. */
export const gemm_nt: Reference<'gemm_nt' | 'gemm_nt_ragged'> = (
  { x, w, bias, out, pre },
  uniforms,
  { BIAS = 0, ACTIVATION = 0, KEEP_PRE = 0, ACCUMULATE = 0, DROPOUT = 0 },
  step,
) => {
  const { M, K, N, alpha } = uniforms;
  const place = columnsOf(uniforms);
  const { first, example, site, p } = { ...undropped, ...uniforms };
  const factor = DROPOUT ? dropoutFactor(step, site, p) : () => 1;
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += at(x, m * K + k) * at(w, n * K + k);
      const argument = alpha * sum + (BIAS ? at(bias, place(0, n)) : 0);
      const i = place(m, n);
      const value = activate(ACTIVATION, argument);
      if (KEEP_PRE) pre[i] = KEEP_PRE === 1 ? argument : value;
      const dropped = value * factor(step.first_example * example + first + i);
      out[i] = dropped + (ACCUMULATE % 2 ? at(out, i) : 0) + (ACCUMULATE >= 2 ? at(pre, i) : 0);
    }
    const past = 'width' in uniforms ? Math.ceil(N / 4) * 4 - N : 0;
    for (const written of KEEP_PRE ? [out, pre] : [out]) written.fill(0, place(m, N), place(m, N) + past);
  }
};

/** out[M,K] = alpha · d_y[M,N] w[N,K], dropped out where that is asked for, · act'(argument) (+ out) */
export const gemm_nn: Reference<'gemm_nn' | 'gemm_nn_ragged'> = (
  { d_y, w, out, argument },
  uniforms,
  { ACTIVATION = 0, ACCUMULATE = 0, DROPOUT = 0 },
  step,
) => {
  const { M, K, N, alpha } = uniforms;
  const place = columnsOf(uniforms);
  const { first, example, site, p } = { ...undropped, ...uniforms };
  const factor = DROPOUT ? dropoutFactor(step, site, p) : () => 1;
  for (let m = 0; m < M; m++) {
    for (let k = 0; k < K; k++) {
      let sum = 0;
      for (let n = 0; n < N; n++) sum += at(d_y, place(m, n)) * at(w, n * K + k);
      const i = m * K + k;
      const own = factor(step.first_example * example + first + i);
      const addend = (ACCUMULATE >= 2 ? at(argument, i) : 0) + (ACCUMULATE % 2 ? at(out, i) : 0);
      const product = alpha * sum * (DROPOUT === 1 ? own : 1) * (ACTIVATION ? activationSlope(ACTIVATION, at(argument, i)) : 1);
      out[i] = (product + addend) * (DROPOUT === 2 ? own : 1);
    }
  }
};

/** d_w[N,K] += alpha · d_y[M,N]ᵀ x[M,K], and d_bias[N] += alpha · the sum over the rows of d_y where that is asked for. */
export const gemm_tn: Reference<'gemm_tn' | 'gemm_tn_ragged'> = ({ d_y, x, d_w, d_bias }, uniforms, { BIAS = 0 }) => {
  const { M, K, N, alpha } = uniforms;
  const place = columnsOf(uniforms);
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      const g = at(d_y, place(m, n));
      for (let k = 0; k < K; k++) add(d_w, n * K + k, alpha * g * at(x, m * K + k));
      if (BIAS) add(d_bias, n, alpha * g);
    }
  }
};

/** d_bias[N] += alpha · sum over the rows of the first N columns of d_y[M,width] */
export const column_sum: Reference<'column_sum'> = ({ d_y, d_bias }, { M, N, width, alpha }) => {
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) add(d_bias, n, alpha * at(d_y, m * width + n));
  }
};
