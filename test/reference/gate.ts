// References of the gate of a ladder side network (Sung, Cho, Bansal 2022, arXiv:2206.06522).
import { add, at, type Reference } from './kernel.ts';
import { sigmoid } from './recurrent.ts';

export const gate: Reference<'gate'> = ({ alpha, a, b }, { count, temperature }) => {
  const mu = sigmoid(at(alpha, 0) / temperature);
  for (let i = 0; i < count; i++) {
    const y = mu * at(a, i) + (1 - mu) * at(b, i);
    a[i] = at(a, i) - at(b, i);
    b[i] = y;
  }
};

export const gate_backward: Reference<'gate_backward'> = ({ alpha, d_y, difference, partials }, { N, C, temperature }) => {
  const mu = sigmoid(at(alpha, 0) / temperature);
  partials.fill(0, 0, N);
  for (let i = 0; i < N * C; i++) {
    const d = at(d_y, i);
    add(partials, Math.floor(i / C), d * at(difference, i));
    difference[i] = mu * d;
    d_y[i] = (1 - mu) * d;
  }
};

export const gate_alpha: Reference<'gate_alpha'> = ({ alpha, partials, d_alpha }, { N, temperature }) => {
  const mu = sigmoid(at(alpha, 0) / temperature);
  for (let n = 0; n < N; n++) add(d_alpha, 0, ((mu * (1 - mu)) / temperature) * at(partials, n));
};
