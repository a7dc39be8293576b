// The hyper-parameters of methods that people may set: bounds and a sentence each. Labels, values, defaults and the reasons for them come
// from the method's card, which also says which of them it reads.

import type { MethodOptions } from '../../src/protocol/config.ts';
import { tiny } from '../ui/NumberField.tsx';
import type { NumberSpec } from './fields.ts';

/** Keys of the options whose value is a `V`. */
type KeyOf<V> = { [K in keyof MethodOptions]: MethodOptions[K] extends V ? K : never }[keyof MethodOptions];
interface OptionSpec<V> {
  readonly key: KeyOf<V>;
  readonly help: string;
}

export const methodNumbers: readonly (OptionSpec<number> & Pick<NumberSpec<MethodOptions>, 'min' | 'max' | 'whole' | 'multipleOf'>)[] = [
  { key: 'adapter_size', help: 'Bottleneck of the adapters, or rank of LoRA.', min: 1, max: 65536, whole: true },
  { key: 'adapter_init_std', help: 'Standard deviation of the adapters at the start.', min: 0 },
  { key: 'adapter_scaling', help: "Factor on the parallel adapter's output.", min: tiny },
  { key: 'lambda', help: 'How much of the first stream passes on. A power of two under fixed streams.', min: tiny, max: 1 },
  { key: 'beta', help: 'How much of the second stream passes on. A power of two under fixed streams.', min: tiny, max: 1 },
  {
    key: 'fraction_bits',
    help: 'Bits after the point of fixed streams: more are finer, fewer leave more range.',
    min: 8,
    max: 26,
    whole: true,
  },
  { key: 'combination_weight', help: 'Its weight in the weighted sum; the pretrained stream has 1.', min: 0 },
  { key: 'lora_alpha', help: 'The update is scaled by α / rank.', min: tiny },
  { key: 'lora_dropout', help: "Dropout on the adapters' input.", min: 0, max: 0.99 },
  { key: 'num_virtual_tokens', help: 'Trained vectors put before the text.', min: 1, max: 256, whole: true },
  { key: 'rnn_hidden_size', help: 'Width of the recurrent state; a multiple of 4.', min: 4, max: 65536, whole: true, multipleOf: 4 },
  { key: 'output_scale', help: "Factor on what the side network adds to the model's result.", min: tiny },
  { key: 'reduction_factor', help: 'The side network is this many times narrower.', min: 1, whole: true },
  { key: 'gate_temperature', help: 'Lower: the gates open and shut more sharply.', min: tiny },
  {
    key: 'num_experts',
    help: 'Groups of neurons that are looked through. 0: four times the root of their number.',
    min: 0,
    whole: true,
  },
  { key: 'num_probed_experts', help: 'Groups in which a token looks for its neurons.', min: 1, whole: true },
  { key: 'num_activated', help: 'Neurons that a token uses.', min: 1, whole: true },
  {
    key: 'frozen_layers',
    help: 'Bottom layers that stay plain and frozen, with nothing added.',
    min: 0,
    whole: true,
  },
];

type PickKey = Exclude<KeyOf<string>, 'streams'>;
type PickSpec = {
  [K in PickKey]: OptionSpec<string> & {
    readonly key: K;
    readonly items: readonly { readonly value: MethodOptions[K]; readonly label: string }[];
  };
}[PickKey];

/** Options that are one of a few words. `streams` has a control of its own. */
export const methodPicks: readonly PickSpec[] = [
  {
    key: 'final_combination',
    help: 'How two streams are read as one behind the last layer.',
    items: [
      { value: 'mean', label: 'their mean' },
      { value: 'weighted', label: 'a weighted sum' },
    ],
  },
  {
    key: 'bias',
    help: 'Which biases of the model train along with LoRA.',
    items: [
      { value: 'none', label: 'none' },
      { value: 'lora_only', label: 'beside LoRA' },
      { value: 'all', label: 'all' },
    ],
  },
  {
    key: 'rnn_type',
    help: 'The recurrent cell that walks up the layers.',
    items: [
      { value: 'gru', label: 'GRU' },
      { value: 'lstm', label: 'LSTM' },
      { value: 'rnn', label: 'RNN' },
    ],
  },
  {
    key: 'aggregation',
    help: 'What of the states of all layers is added to the result.',
    items: [
      { value: 'mean', label: 'their mean' },
      { value: 'last', label: 'the last' },
    ],
  },
  {
    key: 'activation_rule',
    help: 'Whether a token uses its own neurons, or all tokens those that any of them chose.',
    items: [
      { value: 'token', label: 'per token' },
      { value: 'union', label: 'union' },
    ],
  },
];

export const methodSwitches: readonly (OptionSpec<boolean> & { readonly key: KeyOf<boolean> })[] = [
  { key: 'adapter_layer_norm', help: 'A LayerNorm before the adapter that stands alone.' },
  { key: 'joiner', help: 'Also mixes tokens, by the attention that the model has computed anyway.' },
];

export const methodLists: readonly (OptionSpec<readonly string[]> & { readonly key: KeyOf<readonly string[]> })[] = [
  { key: 'target_modules', help: 'Ends of the names of the dense layers that get an update.' },
  { key: 'feedforward_modules', help: 'Those of the modules whose input is scaled, not their output.' },
];
