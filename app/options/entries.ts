// Which options stand on the page, with their values, in the order of the protocol's table. Pure.

import type { MethodCard, TaskCard } from '../../src/protocol/cards.ts';
import { defaultGeneration, type GenerationOptions, type PolicyName } from '../../src/protocol/config.ts';
import type { ErrorReport } from '../../src/protocol/errors.ts';
import { readsArgument } from '../../src/protocol/optimizers.ts';
import { generationOptions, ofDraws } from '../../src/protocol/options/generation.ts';
import { memoryOptions } from '../../src/protocol/options/memory.ts';
import { methodOptions } from '../../src/protocol/options/methods.ts';
import type { Options } from '../../src/protocol/options/option.ts';
import { trainingOptions } from '../../src/protocol/options/training.ts';
import { lengthDefault, optionDefaults, type Settings, trainingDefaultsOf } from '../state/settings.ts';
import { readsOption } from '../state/task_options.ts';
import type { OptionEntry } from './OptionField.tsx';

type Values = Readonly<Record<string, unknown>>;

function entriesOf(
  options: Options,
  chosen: Values,
  defaults: Values,
  wrong: (name: string) => string | undefined = () => undefined,
): OptionEntry[] {
  return Object.entries(options).map(([name, option]) => ({
    name,
    option,
    value: chosen[name] ?? defaults[name],
    standard: defaults[name],
    error: wrong(name),
  }));
}

/** The message of an error about the value of an option; a run's configuration names its part too, a plan the option alone. */
const errorAt = (error: ErrorReport | undefined, part: string) => (name: string) =>
  error?.where === `${part}.${name}` || error?.where === name ? error.message : undefined;

/** Numbers and choices of training that the chosen optimizer and the task read. */
export function trainingEntries(settings: Settings, card: MethodCard | undefined, task?: TaskCard, error?: ErrorReport): OptionEntry[] {
  const defaults = { ...trainingDefaultsOf(card, settings.training), max_length: lengthDefault(settings, card) };
  const optim = settings.training.optim ?? defaults.optim;
  const fewer = defaults.max_length < trainingOptions.max_length.default;
  const reason = `The model has positions for ${defaults.max_length} tokens of text.`;
  return entriesOf(trainingOptions, settings.training, { ...defaults }, errorAt(error, 'training'))
    .filter(({ name }) => readsArgument(optim, name) && readsOption(task, name))
    .map((entry) => (entry.name === 'max_length' && fewer ? { ...entry, option: { ...entry.option, reason } } : entry));
}

/** Hyper-parameters that the method reads, under its own names. */
export function methodEntries(settings: Settings, card: MethodCard, error?: ErrorReport): OptionEntry[] {
  const own = new Map(card.options.map(({ key, label, reason }) => [key as string, { label, reason }]));
  return entriesOf(methodOptions, settings.options, { ...optionDefaults(card, settings.options) }, errorAt(error, 'options')).flatMap(
    (entry) => {
      const texts = own.get(entry.name);
      return texts === undefined ? [] : [{ ...entry, option: { ...entry.option, ...texts } }];
    },
  );
}

/** How a text is written; what only draws go by, where tokens are drawn. */
export function generationEntries(options: GenerationOptions): OptionEntry[] {
  return entriesOf(generationOptions, { ...options }, { ...defaultGeneration }).filter(
    ({ name }) => options.do_sample || !ofDraws.includes(name),
  );
}

/** Memory numbers that the layers' policies use. Policy and ranges have controls of their own. */
export function memoryEntries(settings: Settings, policies: readonly PolicyName[], ofRanges: boolean): OptionEntry[] {
  const { checkpoint_every, memory, options } = settings;
  const any = (...names: readonly PolicyName[]) => names.some((name) => policies.includes(name));
  const reads: Readonly<Record<keyof typeof memoryOptions, boolean>> = {
    policy: false,
    ranges: false,
    memory_budget: true,
    checkpoint_every: !ofRanges && any('checkpoint'),
    snapshot_every: !ofRanges && any('reversible') && options.streams === 'float',
    micro_batch_size: true,
    granularity: any('checkpoint', 'reversible'),
    chunks: any('checkpoint', 'reversible'),
    token_chunk: any('checkpoint', 'reversible'),
  };
  const defaults = { checkpoint_every: memoryOptions.checkpoint_every.default };
  return entriesOf(memoryOptions, { ...memory, checkpoint_every }, defaults).filter(({ name }) => reads[name as keyof typeof reads]);
}
