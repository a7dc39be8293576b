// Hyper-parameters of all methods: what every method starts from, and why. A method's own defaults and reasons stand above these.

import type { MethodOptions } from '../protocol/config.ts';
import type { Method } from './method.ts';

export interface OptionFacts {
  readonly label: string;
  /** Why the default is what it is. */
  readonly reason: string;
}

export const commonOptions: MethodOptions = {
  frozen_layers: 0,
  streams: 'fixed',
  lambda: 1 / 8,
  beta: 1,
  adapter_size: 8,
  adapter_init_std: 0.02,
  adapter_layer_norm: false,
  adapter_scaling: 1,
  fraction_bits: 20,
  final_combination: 'mean',
  combination_weight: 0.1,
  lora_alpha: 16,
  lora_dropout: 0,
  target_modules: ['query', 'value'],
  feedforward_modules: [],
  bias: 'none',
  num_virtual_tokens: 20,
  rnn_type: 'gru',
  rnn_hidden_size: 256,
  aggregation: 'mean',
  joiner: false,
  output_scale: 1,
  reduction_factor: 8,
  gate_temperature: 0.1,
  num_experts: 0,
  num_probed_experts: 8,
  num_activated: 64,
  activation_rule: 'token',
  init_factor: 0,
};

const optionFacts: Readonly<Record<keyof MethodOptions, OptionFacts>> = {
  frozen_layers: {
    label: 'Frozen bottom layers',
    reason: 'Every layer is adapted. Plain bottom layers save time: nothing runs back through them.',
  },
  streams: {
    label: 'Streams',
    reason: 'Fixed point: the inverse returns the very same bits at any depth; float loses about a digit a layer.',
  },
  lambda: { label: 'λ', reason: 'Near the paper’s 0.1, and a power of two, so that a shift is exact.' },
  beta: { label: 'β', reason: 'The paper’s.' },
  adapter_size: { label: 'Bottleneck', reason: 'The paper’s for BERT: 0.3 % of the model.' },
  adapter_init_std: { label: 'Initial deviation', reason: 'The paper’s: near zero, so training starts near the pretrained behaviour.' },
  adapter_layer_norm: { label: 'LayerNorm before the stand-alone adapter', reason: 'Off, as in the authors’ runs.' },
  adapter_scaling: { label: 'Factor on the adapter', reason: 'One: the adapter as it is.' },
  fraction_bits: { label: 'Fraction bits', reason: 'Steps of a millionth, and room up to ±2048, where streams reach 10 to 35.' },
  final_combination: {
    label: 'Streams at the end',
    reason: 'Their mean, as in the authors’ BERT code; `weighted` is that of their OPT code.',
  },
  combination_weight: { label: 'Weight of the other stream', reason: 'The authors’, beside 1 for the pretrained stream.' },
  lora_alpha: { label: 'α', reason: 'Twice the rank, as is usual. PEFT’s own default is 8, which learns more slowly at the same rate.' },
  lora_dropout: { label: 'Dropout before A', reason: 'PEFT’s default.' },
  target_modules: { label: 'Target modules', reason: 'Those that PEFT takes for BERT.' },
  feedforward_modules: {
    label: 'Feed-forward modules',
    reason: 'Those that PEFT takes for BERT: their input is scaled, not their output.',
  },
  bias: { label: 'Biases', reason: 'PEFT’s default: none trains.' },
  num_virtual_tokens: { label: 'Virtual tokens', reason: 'Enough for classification; longer ones cost attention in every layer.' },
  rnn_type: { label: 'Cell', reason: 'The authors’.' },
  rnn_hidden_size: { label: 'Hidden size', reason: 'The authors’: 0.9 % of BERT-base.' },
  aggregation: { label: 'States over layers', reason: 'The authors’: every layer’s state counts alike.' },
  joiner: {
    label: 'Joiner over attention',
    reason: 'Off: the authors’ released network has none. It lets corrections pass between tokens.',
  },
  output_scale: { label: 'Factor on the correction', reason: 'One; the output starts at zero, so nothing needs taming.' },
  reduction_factor: { label: 'Narrower by', reason: 'The paper’s.' },
  gate_temperature: { label: 'Temperature of the gates', reason: 'The paper’s.' },
  num_experts: { label: 'Experts', reason: '0 stands for 4·√r, the best point of the authors’ sweep.' },
  num_probed_experts: { label: 'Experts that a token probes', reason: 'The authors’.' },
  num_activated: { label: 'Neurons that a token activates', reason: 'The paper’s for all tasks.' },
  activation_rule: {
    label: 'A token uses',
    reason: 'Its own neurons: the variant that gave the paper’s scores. `union` is its Algorithm 1.',
  },
  init_factor: { label: 'Start away by', reason: 'Zero: start at the pretrained behaviour. For studies only.' },
};

/** What a method calls one of its hyper-parameters, and why its default is what it is. */
export const factsOf = (method: Method, key: keyof MethodOptions): OptionFacts => ({
  label: method.labels?.[key] ?? optionFacts[key].label,
  reason: method.why?.[key] ?? optionFacts[key].reason,
});
