// The hyper-parameters of methods that people may set: names, bounds and a sentence each. Values, defaults and the reasons for them come from
// the method's card, which also says which of them it reads.

import type { MethodOptions } from '../../src/protocol/config.ts';
import { type NumberSpec, tiny } from './fields.ts';

/** Keys of the options whose value is a `V`. */
type KeyOf<V> = { [K in keyof MethodOptions]: MethodOptions[K] extends V ? K : never }[keyof MethodOptions];
type OptionSpec<V> = Omit<NumberSpec<MethodOptions>, 'min'> & { readonly key: KeyOf<V> };

export const methodNumbers: readonly (NumberSpec<MethodOptions> & { readonly key: KeyOf<number> })[] = [
  { key: 'adapter_size', label: 'Adapter size', help: 'Bottleneck of the adapters, or rank of LoRA.', min: 1, max: 65536, whole: true },
  { key: 'adapter_init_std', label: 'Init std', help: 'Standard deviation of the adapters at the start.', min: 0 },
  { key: 'adapter_scaling', label: 'Scaling', help: "Factor on the parallel adapter's output.", min: tiny },
  { key: 'lambda', label: 'λ', help: 'How much of the first stream passes on. A power of two under fixed streams.', min: tiny, max: 1 },
  { key: 'beta', label: 'β', help: 'How much of the second stream passes on. A power of two under fixed streams.', min: tiny, max: 1 },
  {
    key: 'fraction_bits',
    label: 'Fraction bits',
    help: 'Bits after the point of fixed streams: more are finer, fewer leave more range.',
    min: 8,
    max: 26,
    whole: true,
  },
  { key: 'combination_weight', label: 'Other stream', help: 'Its weight in the weighted sum; the pretrained stream has 1.', min: 0 },
  { key: 'lora_alpha', label: 'LoRA α', help: 'The update is scaled by α / rank.', min: tiny },
  { key: 'lora_dropout', label: 'LoRA dropout', help: "Dropout on the adapters' input.", min: 0, max: 0.99 },
  { key: 'num_virtual_tokens', label: 'Virtual tokens', help: 'Trained vectors put before the text.', min: 1, max: 256, whole: true },
  { key: 'rnn_hidden_size', label: 'Cell width', help: 'Width of the recurrent state; a multiple of 4.', min: 4, whole: true },
  { key: 'output_scale', label: 'Output scale', help: "Factor on what the side network adds to the model's result.", min: tiny },
  { key: 'reduction_factor', label: 'Reduction', help: 'The side network is this many times narrower.', min: 1, whole: true },
  { key: 'gate_temperature', label: 'Gate temperature', help: 'Lower: the gates open and shut more sharply.', min: tiny },
  {
    key: 'num_experts',
    label: 'Experts',
    help: 'Groups of neurons that are looked through. 0: four times the root of their number.',
    min: 0,
    whole: true,
  },
  { key: 'num_probed_experts', label: 'Probed experts', help: 'Groups in which a token looks for its neurons.', min: 1, whole: true },
  { key: 'num_activated', label: 'Activated', help: 'Neurons that a token uses.', min: 1, whole: true },
  {
    key: 'frozen_layers',
    label: 'Frozen layers',
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
    label: 'The streams become',
    help: 'How two streams are read as one behind the last layer.',
    items: [
      { value: 'mean', label: 'their mean' },
      { value: 'weighted', label: 'a weighted sum' },
    ],
  },
  {
    key: 'bias',
    label: 'Biases',
    help: 'Which biases of the model train along with LoRA.',
    items: [
      { value: 'none', label: 'none' },
      { value: 'lora_only', label: 'beside LoRA' },
      { value: 'all', label: 'all' },
    ],
  },
  {
    key: 'rnn_type',
    label: 'Cell',
    help: 'The recurrent cell that walks up the layers.',
    items: [
      { value: 'gru', label: 'GRU' },
      { value: 'lstm', label: 'LSTM' },
      { value: 'rnn', label: 'RNN' },
    ],
  },
  {
    key: 'aggregation',
    label: 'Its states become',
    help: 'What of the states of all layers is added to the result.',
    items: [
      { value: 'mean', label: 'their mean' },
      { value: 'last', label: 'the last' },
    ],
  },
  {
    key: 'activation_rule',
    label: 'Activation',
    help: 'Whether a token uses its own neurons, or all tokens those that any of them chose.',
    items: [
      { value: 'token', label: 'per token' },
      { value: 'union', label: 'union' },
    ],
  },
];

export const methodSwitches: readonly (OptionSpec<boolean> & { readonly key: KeyOf<boolean> })[] = [
  { key: 'adapter_layer_norm', label: 'LayerNorm first', help: 'A LayerNorm before the adapter that stands alone.' },
  { key: 'joiner', label: 'Joiner', help: 'Also mixes tokens, by the attention that the model has computed anyway.' },
];

export const methodLists: readonly (OptionSpec<readonly string[]> & { readonly key: KeyOf<readonly string[]> })[] = [
  { key: 'target_modules', label: 'Modules', help: 'Ends of the names of the dense layers that get an update.' },
  { key: 'feedforward_modules', label: 'Scaled at their input', help: 'Those of the modules whose input is scaled, not their output.' },
];
