// References of the activations and of dropout. `activate` and `activationSlope` are also the epilogues of the gemm references.
import { activationCode } from '../../src/kernels/table.ts';
import { randomKey, randomUniform } from '../../src/random/counter.ts';
import { at, type Reference, type Step } from './kernel.ts';
import { normalCdf, normalPdf } from './normal.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** √(2/π) (x + 0.044715 x³), and its derivative. */
const geluNewArgument = (x: number): number => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
const geluNewArgumentSlope = (x: number): number => Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);

export function activate(code: number, x: number): number {
  if (code === activationCode.gelu) return x * normalCdf(x);
  if (code === activationCode.tanh) return Math.tanh(x);
  if (code === activationCode.relu) return Math.max(x, 0);
  if (code === activationCode.silu) return x * sigmoid(x);
  if (code === activationCode.gelu_new) return 0.5 * x * (1 + Math.tanh(geluNewArgument(x)));
  return x;
}

/** Derivative at the argument x of the activation; for tanh at its value x, for relu at either. */
export function activationSlope(code: number, x: number): number {
  if (code === activationCode.gelu) return normalCdf(x) + x * normalPdf(x);
  if (code === activationCode.tanh) return 1 - x * x;
  if (code === activationCode.relu) return x > 0 ? 1 : 0;
  if (code === activationCode.silu) return sigmoid(x) * (1 + x * sigmoid(-x));
  if (code === activationCode.gelu_new) {
    const value = Math.tanh(geluNewArgument(x));
    return 0.5 * (1 + value) + 0.5 * x * (1 - value * value) * geluNewArgumentSlope(x);
  }
  return 1;
}

/** The factor of element i: 0 or 1 / (1 - p). Compared with p as the kernel holds it, in f32, so that the masks are equal. */
export function dropoutFactor(step: Step, site: number, p: number): (element: number) => number {
  const key = randomKey(step.seed, step.micro_step, site);
  const threshold = Math.fround(p);
  return (element) => (randomUniform(key, element) >= threshold ? 1 / (1 - threshold) : 0);
}

export const activation: Reference<'activation'> = ({ x, y }, { count }, { ACTIVATION = 0 }) => {
  for (let i = 0; i < count; i++) y[i] = activate(ACTIVATION, at(x, i));
};

export const activation_backward: Reference<'activation_backward'> = ({ d_y, x }, { count }, { ACTIVATION = 0 }) => {
  for (let i = 0; i < count; i++) d_y[i] = at(d_y, i) * activationSlope(ACTIVATION, at(x, i));
};

export const dropout: Reference<'dropout'> = ({ x, y }, { count, first, example, site, p }, { COPY = 0 }, step) => {
  const factor = dropoutFactor(step, site, p);
  for (let i = 0; i < count; i++) (COPY ? y : x)[i] = at(x, i) * factor(step.first_example * example + first + i);
};
