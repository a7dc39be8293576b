// References of the matrix products of linear layers. The ragged kernels compute the same and share these.
import { activate, activationSlope } from './activation.ts';
import { add, at, type Reference } from './kernel.ts';

/** out[M,N] = act(alpha · x[M,K] w[N,K]ᵀ + bias[N]) (+ out) */
export const gemm_nt: Reference<'gemm_nt'> = (
  { x, w, bias, out, pre },
  { M, K, N, alpha },
  { BIAS = 0, ACTIVATION = 0, KEEP_PRE = 0, ACCUMULATE = 0 },
) => {
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += at(x, m * K + k) * at(w, n * K + k);
      const argument = alpha * sum + (BIAS ? at(bias, n) : 0);
      const i = m * N + n;
      if (KEEP_PRE) pre[i] = argument;
      out[i] = activate(ACTIVATION, argument) + (ACCUMULATE ? at(out, i) : 0);
    }
  }
};

/** out[M,K] = alpha · d_y[M,N] w[N,K] · act'(out) (+ out) */
export const gemm_nn: Reference<'gemm_nn'> = ({ d_y, w, out }, { M, K, N, alpha }, { ACTIVATION = 0, ACCUMULATE = 0 }) => {
  for (let m = 0; m < M; m++) {
    for (let k = 0; k < K; k++) {
      let sum = 0;
      for (let n = 0; n < N; n++) sum += at(d_y, m * N + n) * at(w, n * K + k);
      const i = m * K + k;
      out[i] = alpha * sum * (ACTIVATION ? activationSlope(ACTIVATION, at(out, i)) : 1) + (ACCUMULATE ? at(out, i) : 0);
    }
  }
};

/** d_w[N,K] += alpha · d_y[M,N]ᵀ x[M,K] */
export const gemm_tn: Reference<'gemm_tn'> = ({ d_y, x, d_w }, { M, K, N, alpha }) => {
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      const g = alpha * at(d_y, m * N + n);
      for (let k = 0; k < K; k++) add(d_w, n * K + k, g * at(x, m * K + k));
    }
  }
};

/** d_bias[N] += alpha · sum over the rows of the first N columns of d_y[M,width] */
export const column_sum: Reference<'column_sum'> = ({ d_y, d_bias }, { M, N, width, alpha }) => {
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) add(d_bias, n, alpha * at(d_y, m * width + n));
  }
};
