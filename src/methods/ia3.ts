// ia3: learned vectors scale keys, values and what enters the second feed-forward matrix (Liu et al. 2022), sites and names as in PEFT: its names for
// BERT's feed-forward matrix are also those of attention's output projection, whose input is scaled too.

import { scaleColumns } from '../graph/ops/scale_columns.ts';
import type { Adaptation, BackboneDefaults } from '../models/model.ts';
import type { MethodOptions } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import { endsInOneOf, type Method, savesParameter, targets, trainsAdditions } from './method.ts';
import { notReversible, singleStream } from './single_stream.ts';

const scalesInput = ({ feedforward_modules }: MethodOptions, path: string): boolean => endsInOneOf(path, feedforward_modules);

const scaled = (options: MethodOptions): Adaptation => {
  const { init_factor } = options;
  // One leaves the model as it is.
  const initial = { from: 'constant', value: init_factor === 0 ? 1 : init_factor } as const;
  return {
    linear: {
      ...targets(options),
      before: (g, { path, in_features }, x) =>
        scalesInput(options, path)
          ? scaleColumns(g, x, g.weight(`${path}.ia3_l`, [in_features], { owner: 'method', initial, decay: true }))
          : x,
      after: (g, { path, out_features }, _, y) =>
        scalesInput(options, path)
          ? y
          : scaleColumns(g, y, g.weight(`${path}.ia3_l`, [out_features], { owner: 'method', initial, decay: true })),
    },
  };
};

/** What enters is scaled by the columns of W [out, in]: W (x · l); what leaves by its rows, and its bias [out] with it: (W x + b) · l. */
const merged: Method['merged'] = ({ name, shape: [out = 0, into = 1] }, trained, options) => {
  const path = name.slice(0, name.lastIndexOf('.'));
  const l = trained.get(`${path}.ia3_l`);
  const entering = scalesInput(options, path);
  if (!l || (entering && name.endsWith('.bias'))) return undefined;
  return (w) => {
    const whole = Float32Array.from(w);
    for (let row = 0; row < out; row++)
      for (let column = 0; column < into; column++)
        whole[row * into + column] = (w[row * into + column] as number) * (l[entering ? column : row] as number);
    return whole;
  };
};

/** PEFT loads feed-forward modules only where they are among the targets, word for word: a narrower or wider name becomes one that is. */
function settled(options: MethodOptions, { ia3: own }: BackboneDefaults): MethodOptions {
  const { target_modules: named, feedforward_modules: given } = options;
  if (given.every((name) => named.includes(name))) return options;
  const within = given.filter((name) => named.includes('all-linear') || endsInOneOf(name, named));
  const narrower = named.filter((name) => endsInOneOf(name, given));
  const stray = given.filter((name) => !named.some((target) => endsInOneOf(target, [name]) || endsInOneOf(name, [target])));
  const asked = stray.filter((name) => !own.feedforward_modules.includes(name));
  return {
    ...options,
    target_modules: [...new Set([...named, ...within])],
    feedforward_modules: [...new Set([...narrower, ...within, ...asked])],
  };
}

/** As PEFT does, refuses feed-forward modules that are no targets. */
function requireTargeted({ target_modules, feedforward_modules }: MethodOptions): void {
  const stray = feedforward_modules.filter((name) => !target_modules.includes(name));
  if (stray.length === 0) return;
  throw new RetraceError({
    code: 'feedforward-modules',
    message: `${stray.map((name) => `'${name}'`).join(' and ')} ${stray.length > 1 ? 'are' : 'is'} not among target_modules (${target_modules.join(', ')}).`,
    where: 'feedforward_modules',
    remedy: 'Name feed-forward modules in target_modules too.',
  });
}

export const ia3: Method = {
  name: 'ia3',
  title: '(IA)³',
  summary: 'Four vectors a layer train: they scale keys, values and what enters both output projections; activations are still kept.',
  group: 'adapter',
  diagram: {
    adds: [
      { part: 'scale', at: 'attention' },
      { part: 'scale', at: 'ffn' },
    ],
    kept: 'everything',
  },
  paper: { title: 'Few-Shot Parameter-Efficient Fine-Tuning (Liu et al., NeurIPS 2022)', url: 'https://arxiv.org/abs/2205.05638' },
  trains: (parameter, options) => trainsAdditions(parameter) || savesParameter(parameter.name, options),
  refuses: notReversible('(IA)³'),
  defaultPolicy: 'store',
  learning_rate: 5e-3,
  uses: ['target_modules', 'feedforward_modules', 'modules_to_save', 'init_factor', 'frozen_layers'],
  why: { init_factor: 'Zero stands for the vectors’ own start: ones, which leave the model as it is.' },
  peft: 'IA3',
  merged,
  options: (_, { ia3 }) => ia3,
  settled,
  wire(_, options) {
    requireTargeted(options);
    return singleStream(scaled(options));
  },
};
