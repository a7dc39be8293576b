// LoRA (LoRAConfig): on query, key and value, and on the two matrices of the feed-forward pair, the same ones in every layer that is not left out.

import { layerOf, listed } from '../peft/peft_type.ts';
import { type HubType, leftOut, refuseHub, requireHub } from './hub_type.ts';

/** Attention's matrices, and the switches of the feed-forward pair, by the ends of our paths. */
const ofAttention: Readonly<Record<string, string>> = { q: '.attention.self.query', k: '.attention.self.key', v: '.attention.self.value' };
const ofFeedforward: Readonly<Record<string, RegExp>> = {
  intermediate_lora: /\.layer\.\d+\.intermediate\.dense$/,
  output_lora: /\.layer\.\d+\.output\.dense$/,
};

export const lora: HubType = {
  fromHub(given, _, model) {
    requireHub(given, { composition_mode: 'add', use_gating: false, vera_d: null, vera_b: null });
    if ((given['dtype'] ?? 'float32') !== 'float32') refuseHub(given, 'dtype', 'null');
    const matrices: unknown = given['attn_matrices'] ?? ['q', 'v'];
    if (!Array.isArray(matrices) || !matrices.every((letter) => typeof letter === 'string' && Object.hasOwn(ofAttention, letter)))
      return refuseHub(given, 'attn_matrices', 'a list of "q", "k" and "v"');
    const [r, alpha, dropout] = [given['r'] ?? 8, given['alpha'] ?? 8, given['dropout'] ?? 0];
    if (!Number.isInteger(r)) refuseHub(given, 'r', 'a whole number');
    if (typeof alpha !== 'number') refuseHub(given, 'alpha', 'a number');
    if (typeof dropout !== 'number') refuseHub(given, 'dropout', 'a number');
    const left = leftOut(given);
    const attention = (given['selfattn_lora'] ?? true) ? matrices.map((letter) => ofAttention[String(letter)] as string) : [];
    const feedforward = Object.entries(ofFeedforward).filter(([key]) => given[key] === true);
    const targeted = (path: string) => attention.some((end) => path.endsWith(end)) || feedforward.some(([, pattern]) => pattern.test(path));
    const target_modules = model.names().dense.filter((path) => targeted(path) && !left.includes(layerOf(path)));
    return {
      method: 'lora',
      hyper_parameters: { adapter_size: Number(r), lora_alpha: Number(alpha), lora_dropout: Number(dropout), target_modules, bias: 'none' },
    };
  },
  toHub({ hyper_parameters }, specs, { num_hidden_layers }) {
    const { adapter_size, lora_alpha, lora_dropout, bias, use_rslora, rank_pattern, alpha_pattern } = hyper_parameters;
    if (bias !== 'none') return 'AdapterHub’s LoRA trains no biases of the model.';
    if (use_rslora || listed(rank_pattern).length > 0 || listed(alpha_pattern).length > 0)
      return 'AdapterHub’s LoRA has one rank and one scale, α/r, for every layer.';
    const paths = specs.filter(({ name }) => name.endsWith('.lora_A.weight')).map(({ name }) => name.slice(0, -'.lora_A.weight'.length));
    const known = (path: string) =>
      Object.values(ofAttention).some((end) => path.endsWith(end)) || Object.values(ofFeedforward).some((pattern) => pattern.test(path));
    const stray = paths.find((path) => !known(path));
    if (stray !== undefined) return `AdapterHub’s LoRA has no place for ${stray}.`;
    const layers = new Set(paths.map(layerOf));
    const chosen = new Set(paths.map((path) => path.replace(/^.*\.layer\.\d+/, '')));
    if (paths.length !== layers.size * chosen.size) return 'AdapterHub’s LoRA is on the same matrices in every layer.';
    const letters = Object.entries(ofAttention).filter(([, end]) => chosen.has(end));
    return {
      alpha: lora_alpha,
      architecture: 'lora',
      attn_matrices: letters.map(([letter]) => letter),
      composition_mode: 'add',
      dropout: lora_dropout,
      dtype: null,
      init_weights: 'lora',
      init_weights_seed: null,
      intermediate_lora: chosen.has('.intermediate.dense'),
      leave_out: Array.from({ length: num_hidden_layers }, (_, i) => i).filter((layer) => !layers.has(layer)),
      output_lora: chosen.has('.output.dense'),
      r: adapter_size,
      selfattn_lora: letters.length > 0,
      use_gating: false,
    };
  },
  storedName: (name, adapter) => name.replace(/\.(lora_[AB])\.weight$/, `.loras.${adapter}.$1`),
};
