// Hyper-parameters of the methods. Each method says which of them it reads, and its own defaults, labels and reasons stand above those here (`uses`,
// `options`, `labels` and `why` in src/methods). Names are those of PEFT and of the papers' code.

import * as v from 'valibot';
import { option } from './option.ts';
import { factor, mostWide, notNegative, positive, probability, whole } from './schemas.ts';

export const streamKinds = ['float', 'fixed'] as const;
export type StreamKind = (typeof streamKinds)[number];

/** Each is compared with every dense layer. */
const modules = v.pipe(v.array(v.pipe(v.string(), v.maxLength(1000))), v.maxLength(4096));
const width = whole(1, mostWide);
/** `name=number` for modules that differ: the first name that is a layer's, or ends it, decides. */
const pattern = (number: RegExp, says: string) =>
  v.pipe(v.array(v.pipe(v.string(), v.maxLength(1000), v.regex(number, says))), v.maxLength(4096));
const ofMeft = 'The value that Liao et al. (2023) use';

export const methodOptions = {
  streams: option({
    schema: v.picklist(streamKinds),
    default: 'fixed',
    label: 'Streams',
    help: 'How the two streams of a reversible layer hold their numbers: as integers, which are undone without error, or as floats, which round.',
    reason: 'Fixed point: the inverse returns the very same bits at any depth; float loses about a digit a layer.',
    words: { fixed: 'Fixed point: exact', float: 'Float: rounds' },
  }),
  final_combination: option({
    schema: v.picklist(['mean', 'weighted']),
    default: 'mean',
    label: 'Streams at the end',
    help: 'How two streams become one behind the last layer: their mean, or a sum in which the pretrained one counts 1.',
    reason: 'Their mean, as in the authors’ code for BERT; `weighted` is that of their code for OPT.',
    words: { mean: 'their mean', weighted: 'a weighted sum' },
  }),
  bias: option({
    schema: v.picklist(['none', 'all', 'lora_only']),
    default: 'none',
    label: 'Biases',
    help: "Which of the model's biases train along with LoRA: none, all, or those of the target modules.",
    reason: 'PEFT’s default: none trains.',
    words: { none: 'none', lora_only: 'beside LoRA', all: 'all' },
  }),
  non_linearity: option({
    schema: v.picklist(['model', 'gelu', 'relu', 'swish']),
    default: 'model',
    label: 'Activation',
    help: 'What stands between the two matrices of an adapter: the activation of the model’s own feed-forward pairs, or another.',
    reason: 'The model’s own. AdapterHub’s presets have swish (Houlsby’s) and relu (parallel).',
    words: { model: 'the model’s', gelu: 'GELU', relu: 'ReLU', swish: 'swish' },
  }),
  rnn_type: option({
    schema: v.picklist(['gru', 'lstm', 'rnn']),
    default: 'gru',
    label: 'Cell',
    help: 'The recurrent cell that walks up the layers.',
    reason: 'The cell that READ’s authors chose (Wang et al. 2023).',
    words: { gru: 'GRU', lstm: 'LSTM', rnn: 'RNN' },
  }),
  aggregation: option({
    schema: v.picklist(['mean', 'last']),
    default: 'mean',
    label: 'States over layers',
    help: "What of the states of all layers is added to the model's result: their mean, or the last alone.",
    reason: 'As in READ’s released code: the state of every layer counts alike.',
    words: { mean: 'their mean', last: 'the last' },
  }),
  activation_rule: option({
    schema: v.picklist(['token', 'union']),
    default: 'token',
    label: 'A token uses',
    help: 'Whether a token uses the neurons that it chose itself, or all tokens use those that any of them chose.',
    reason: 'Its own neurons: the variant that gave the paper’s scores. `union` is its Algorithm 1.',
    words: { token: 'its own neurons', union: 'the union' },
  }),
  adapter_layer_norm: option({
    schema: v.boolean(),
    default: false,
    label: 'LayerNorm before the stand-alone adapter',
    help: 'Normalises what the adapter reads that stands alone in its half of a reversible layer.',
    reason: 'Off, as in the authors’ runs.',
  }),
  joiner: option({
    schema: v.boolean(),
    default: false,
    label: 'Joiner over attention',
    help: 'Also mixes tokens, by the attention that the model has computed anyway.',
    reason: 'Off: the network that READ’s authors released has none. It lets corrections pass between tokens.',
  }),
  use_rslora: option({
    schema: v.boolean(),
    default: false,
    label: 'Rank-stabilised scale',
    help: 'Scales the update by α / √rank, not α / rank, so that large ranks learn as fast as small ones.',
    reason: 'Off, as in PEFT.',
  }),
  target_modules: option({
    schema: modules,
    default: ['query', 'value'],
    label: 'Target modules',
    help: 'Names of the dense layers that the method changes, or the ends of them; all-linear: every one.',
    reason: 'Those that PEFT takes for BERT.',
  }),
  rank_pattern: option({
    schema: pattern(/^[^\s=,]+=0*[1-9]\d{0,3}$/, 'expected NAME=RANK, such as query=16'),
    default: [],
    label: 'Own ranks',
    help: 'Layers whose rank differs from the others’, by the ends of their names: query=16, output.dense=4.',
    reason: 'None: every layer has the same rank.',
  }),
  alpha_pattern: option({
    schema: pattern(/^[^\s=,]+=(?=.*[1-9])\d{1,9}(?:\.\d{1,18})?$/, 'expected NAME=ALPHA, such as query=32'),
    default: [],
    label: 'Own α',
    help: 'Layers whose α differs from the others’, by the ends of their names: query=32.',
    reason: 'None: every layer has the same α.',
  }),
  modules_to_save: option({
    schema: modules,
    default: [],
    label: 'Modules trained whole',
    help: 'Parts of the pretrained model that train whole beside the classifier, such as pooler.',
    reason: 'None: the pretrained model stays frozen.',
  }),
  feedforward_modules: option({
    schema: modules,
    default: [],
    label: 'Feed-forward modules',
    help: 'Those of the target modules whose input is scaled, not their output.',
    reason: 'Those that PEFT takes for BERT: their input is scaled, not their output.',
  }),
  adapter_size: option({
    schema: width,
    default: 8,
    label: 'Bottleneck',
    help: 'Width of the adapters, or rank of LoRA: what a method may add grows with it.',
    reason: `${ofMeft} for BERT: 0.3 % of the model.`,
  }),
  adapter_init_std: option({
    schema: notNegative,
    default: 0.02,
    label: 'Initial deviation',
    help: 'Standard deviation of the adapters at the start.',
    reason: `${ofMeft}: near zero, so training starts near the pretrained behaviour.`,
  }),
  adapter_scaling: option({
    schema: positive,
    default: 1,
    label: 'Factor on the adapter',
    help: "Factor on the parallel adapter's output.",
    reason: 'One: the adapter as it is.',
  }),
  lambda: option({
    schema: factor,
    default: 1 / 8,
    label: 'λ',
    help: 'Factor on the first stream as it passes a layer. A power of two under fixed streams.',
    reason: 'Near the 0.1 of Liao et al. (2023), and a power of two, so that a shift is exact.',
  }),
  beta: option({
    schema: factor,
    default: 1,
    label: 'β',
    help: 'Factor on the second stream as it passes a layer. A power of two under fixed streams.',
    reason: `${ofMeft}: the pretrained trajectory passes whole.`,
  }),
  fraction_bits: option({
    schema: whole(8, 26),
    default: 20,
    label: 'Fraction bits',
    help: 'Bits after the point of fixed streams: more are finer, fewer leave more range.',
    reason:
      '20: steps of a millionth and room up to ±2048, where the streams of models with norms behind their blocks reach 3 to 35. 16 where streams grow with depth, as in GPT-2 and OPT: room up to ±32,768. 18 in ViT and DeiT, whose largest hold single numbers in the hundreds: room up to ±8,192.',
  }),
  combination_weight: option({
    schema: notNegative,
    default: 0.1,
    label: 'Weight of the other stream',
    help: 'Its weight in the weighted sum at the end; the pretrained stream has 1.',
    reason: 'As in the authors’ code.',
  }),
  lora_alpha: option({
    schema: positive,
    default: 16,
    label: 'α',
    help: 'The update is scaled by α / rank.',
    reason: 'Twice the rank, as is usual. PEFT’s own default is 8, which learns more slowly at the same rate.',
  }),
  lora_dropout: option({
    schema: probability,
    default: 0,
    label: 'Dropout before A',
    help: 'Share of what enters LoRA’s first matrix that a step leaves out.',
    reason: 'PEFT’s default.',
  }),
  num_virtual_tokens: option({
    schema: whole(1, 256),
    default: 20,
    label: 'Virtual tokens',
    help: 'Trained vectors that stand before the text. They take positions of the model.',
    reason: 'Enough for classification; longer ones cost attention in every layer.',
  }),
  rnn_hidden_size: option({
    schema: v.pipe(v.number(), v.multipleOf(4), v.minValue(4), v.maxValue(mostWide)),
    default: 256,
    label: 'Hidden size',
    help: 'Width of the recurrent state; a multiple of 4.',
    reason: 'The width that READ’s authors use: 0.9 % of BERT-base.',
  }),
  output_scale: option({
    schema: positive,
    default: 1,
    label: 'Factor on the correction',
    help: "Factor on what the side network adds to the model's result.",
    reason: 'One; the output starts at zero, so nothing needs taming.',
  }),
  reduction_factor: option({
    schema: width,
    default: 8,
    label: 'Narrower by',
    help: 'The side network is this many times narrower than the model.',
    reason: 'The value that Sung et al. (2022) use.',
  }),
  gate_temperature: option({
    schema: positive,
    default: 0.1,
    label: 'Temperature of the gates',
    help: 'Lower: the gates open and shut more sharply.',
    reason: 'The value that Sung et al. (2022) use.',
  }),
  num_experts: option({
    schema: whole(0, mostWide),
    default: 0,
    label: 'Experts',
    help: 'Groups of neurons that a token looks through. 0: four times the root of the number of neurons.',
    reason: '0 stands for 4·√r, the best point of the authors’ sweep.',
  }),
  num_probed_experts: option({
    schema: width,
    default: 8,
    label: 'Experts that a token probes',
    help: 'Groups in which a token looks for its neurons.',
    reason: 'As in the authors’ runs.',
  }),
  num_activated: option({
    schema: width,
    default: 64,
    label: 'Neurons that a token activates',
    help: 'Neurons that a token uses, of those in the groups that it probes.',
    reason: 'The value of the paper’s experiments, for all tasks.',
  }),
  frozen_layers: option({
    schema: whole(0, mostWide),
    default: 0,
    label: 'Frozen bottom layers',
    help: 'Bottom layers that stay plain and frozen, with nothing added.',
    reason: 'Every layer is adapted. Plain bottom layers save time: nothing runs back through them.',
  }),
  init_factor: option({
    schema: notNegative,
    default: 0,
    label: 'Start away by',
    help: 'Starts the method away from the pretrained behaviour by this constant, to study what that costs. 0: as the method starts.',
    reason: 'Zero: start at the pretrained behaviour. For studies only.',
  }),
};
