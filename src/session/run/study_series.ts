// What the study of starting points moves: one number of one method a series, from near the method's own start to far from it. λ and β are
// powers of two, as fixed streams need them. (IA)³ and LoRA have a panel each, for their c differ in kind.

import type { MethodChoices } from '../../protocol/config.ts';
import type { StudySeriesHead } from '../../protocol/study.ts';

export interface SeriesPlan extends StudySeriesHead {
  /** Where the method itself begins, if that is one of `values`. */
  readonly own?: number;
  /** Ascending. */
  readonly values: readonly number[];
  options(value: number): MethodChoices;
}

const factors = [1 / 32, 1 / 8, 1 / 2, 1];

export const studySeries: readonly SeriesPlan[] = [
  {
    name: 'lora',
    method: 'lora',
    title: 'LoRA, B = c',
    over: 'c',
    panel: 'lora',
    own: 0,
    values: [0, 0.01, 0.1, 1],
    options: (init_factor) => ({ init_factor }),
  },
  {
    name: 'ia3',
    method: 'ia3',
    title: '(IA)³, l = c',
    over: 'c',
    panel: 'ia3',
    own: 1,
    values: [0.25, 0.5, 1, 2],
    options: (init_factor) => ({ init_factor }),
  },
  {
    name: 'meft1-lambda',
    method: 'meft1',
    title: 'MEFT1, β = 1',
    over: 'λ',
    panel: 'lambda',
    own: 1 / 8,
    values: factors,
    options: (lambda) => ({ lambda, beta: 1 }),
  },
  {
    name: 'meft1-beta',
    method: 'meft1',
    title: 'MEFT1, λ = 1/8',
    over: 'β',
    panel: 'beta',
    own: 1,
    values: factors.slice(1),
    options: (beta) => ({ lambda: 1 / 8, beta }),
  },
  {
    name: 'meft2-lambda',
    method: 'meft2',
    title: 'MEFT2, β = 1/8',
    over: 'λ',
    panel: 'lambda',
    own: 1,
    values: factors.slice(1),
    options: (lambda) => ({ lambda, beta: 1 / 8 }),
  },
  {
    name: 'meft2-beta',
    method: 'meft2',
    title: 'MEFT2, λ = 1',
    over: 'β',
    panel: 'beta',
    own: 1 / 8,
    values: factors,
    options: (beta) => ({ lambda: 1, beta }),
  },
  {
    name: 'meft3',
    method: 'meft3',
    title: 'MEFT3',
    over: 'λ = β',
    panel: 'lambda',
    own: 1 / 8,
    values: factors,
    options: (both) => ({ lambda: both, beta: both }),
  },
  {
    name: 'meft1-combination',
    method: 'meft1',
    title: 'MEFT1, other stream × w',
    over: 'w',
    panel: 'combination',
    values: [0, 1 / 8, 1 / 2],
    options: (combination_weight) => ({ final_combination: 'weighted', combination_weight }),
  },
];
