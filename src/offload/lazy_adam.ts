// Adam over a row that is touched now and then (lazy Adam). On a touch at step t of a row last touched at t0 the moments decay over all the steps
// between, as dense Adam's do under gradients of zero: they are dense Adam's moments exactly. The parameter rests while the row is skipped, and
// weight decay with it. Bias corrections are those of the global step.

import type { Floats } from './rows.ts';

export interface AdamStep {
  /** From 1. */
  readonly step: number;
  readonly learning_rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weight_decay: number;
  /** Factor on the gradient: the clip of its global norm. */
  readonly clip: number;
}

/** The numbers of one touch: m = kept1 m + new1 g, v = kept2 v + new2 g², p = decay p - rate m / (√v root + eps), g the gradient times clip. */
export interface AdamFactors {
  readonly clip: number;
  readonly kept1: number;
  readonly new1: number;
  readonly kept2: number;
  readonly new2: number;
  readonly rate: number;
  readonly root: number;
  readonly eps: number;
  readonly decay: number;
}

/** `last` is the step of the touch before, 0 where there was none. */
export const adamFactors = ({ step, learning_rate, beta1, beta2, eps, weight_decay, clip }: AdamStep, last: number): AdamFactors => ({
  clip,
  kept1: beta1 ** (step - last),
  new1: 1 - beta1,
  kept2: beta2 ** (step - last),
  new2: 1 - beta2,
  rate: learning_rate / (1 - beta1 ** step),
  root: 1 / Math.sqrt(1 - beta2 ** step),
  eps,
  decay: 1 - learning_rate * weight_decay,
});

/** Takes the step on a row and its moments, in place. */
export function takeAdamStep(p: Floats, m: Floats, v: Floats, gradient: Floats, factors: AdamFactors): void {
  const { clip, kept1, new1, kept2, new2, rate, root, eps, decay } = factors;
  for (let i = 0; i < p.length; i++) {
    const g = clip * (gradient[i] as number);
    const first = kept1 * (m[i] as number) + new1 * g;
    const second = kept2 * (v[i] as number) + new2 * g * g;
    m[i] = first;
    v[i] = second;
    p[i] = decay * (p[i] as number) - (rate * first) / (Math.sqrt(second) * root + eps);
  }
}
