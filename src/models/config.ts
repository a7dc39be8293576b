// Reads a Hugging Face config.json field by field: a missing field takes Transformers' default, a wrong one is an error that names it.
// Invariant: every number is read with a bound, for it will be allocated, looped over or computed with.

import { mostHeadSize } from '../graph/ops/attention.ts';
import type { Activation } from '../kernels/table.ts';
import { FieldReader } from '../protocol/field_reader.ts';
import type { BackboneConfig } from './model.ts';

/** Transformers' names of activations, and the kernels' for the same functions. */
const activations: Readonly<Record<string, Activation>> = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu_new',
  gelu_fast: 'gelu_new',
  gelu_pytorch_tanh: 'gelu_new',
  gelu_python_tanh: 'gelu_new',
  relu: 'relu',
  silu: 'silu',
  swish: 'silu',
  tanh: 'tanh',
};

export class ConfigReader extends FieldReader {
  constructor(json: unknown, place: string) {
    super(json, place, { message: 'The configuration is not a JSON object.', remedy: 'Choose the folder of a model from Hugging Face.' });
  }

  /** A number of [from, to]. */
  number(name: string, fallback: number, from: number, to: number): number {
    const value = this.at(name) ?? fallback;
    return typeof value === 'number' && value >= from && value <= to ? value : this.fail(name, `a number from ${from} to ${to}`);
  }

  /** A probability of dropping something: below 1. */
  probability(name: string, fallback: number): number {
    const value = this.number(name, fallback, 0, 1);
    return value < 1 ? value : this.fail(name, 'a probability below 1');
  }

  /** A size: what there is at least one of, and at most `most`. */
  integer(name: string, fallback: number, most: number): number {
    const value = this.at(name) ?? fallback;
    const holds = typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= most;
    return holds ? value : this.fail(name, `a positive integer of at most ${most}`);
  }

  /** A length of a square, as one number or as its height and width. */
  side(name: string, fallback: number, most: number): number {
    const value = this.at(name) ?? fallback;
    const [height, width] = Array.isArray(value) && value.length === 2 ? value : [value, value];
    const holds = typeof height === 'number' && height === width && Number.isInteger(height) && height > 0 && height <= most;
    return holds ? height : this.fail(name, `a positive integer of at most ${most}: pictures and patches are square`);
  }

  /** Whether a list of texts holds this one. */
  lists(name: string, text: string): boolean {
    const value = this.at(name);
    return Array.isArray(value) && value.includes(text);
  }

  /** The id of a token: from 0 on, below `count`. */
  id(name: string, fallback: number, count: number): number {
    const value = this.at(name) ?? fallback;
    const holds = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < count;
    return holds ? value : this.fail(name, `the id of a token, from 0 to ${count - 1}`);
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const value = this.at(name) ?? fallback;
    return allowed.find((one) => one === value) ?? this.fail(name, allowed.map((one) => `'${one}'`).join(' or '));
  }

  /** What stands between the two layers of a feed-forward pair. */
  activation(name: string, fallback: keyof typeof activations): Activation {
    return activations[this.oneOf(name, Object.keys(activations), fallback)] as Activation;
  }

  /** Errors where a switch stands otherwise than a model of the kind that is read has it. */
  fixed(name: string, value: boolean, expected: string): void {
    this.requires((this.at(name) ?? value) === value, name, expected);
  }

  /** Errors where a step of training would leave out whole layers. */
  withoutLayerdrop(name: string): void {
    this.requires(this.number(name, 0, 0, 1) === 0, name, '0: no layer is left out');
  }

  requires(holds: boolean, name: string, expected: string): void {
    if (!holds) this.fail(name, expected);
  }
}

/** Sizes past these are no model of the kind: the largest published encoders have 48 layers of 4096 and 250,000 to a million tokens. */
const most = {
  hidden_size: 2 ** 15,
  num_hidden_layers: 256,
  num_attention_heads: 2 ** 15,
  intermediate_size: 2 ** 17,
  vocab_size: 2 ** 24,
  max_position_embeddings: 2 ** 20,
} as const;
type Size = keyof typeof most;

/** Kernels index the elements of a tensor by 32 bits. */
const mostElements = 2 ** 32 - 1;

/** Refuses a table of `rows` vectors that kernels could not index. */
export function requireTable(read: ConfigReader, name: string, rows: number, hidden_size: number): void {
  read.requires(rows * hidden_size <= mostElements, name, `at most ${Math.floor(mostElements / hidden_size)} rows of ${hidden_size}`);
}

type Keys<S extends Size> = Readonly<Record<S, readonly [key: string, fallback: number]>>;
type LayerSize = Exclude<Size, 'vocab_size' | 'max_position_embeddings'>;

/** The sizes of a model, each under its architecture's own key and with its default, and whether they go together. */
export function readSizes(read: ConfigReader, keys: Keys<Size>): Pick<BackboneConfig, Size> {
  const { hidden_size, ...layers } = readLayerSizes(read, keys);
  const tables = {
    vocab_size: read.integer(...keys.vocab_size, most.vocab_size),
    max_position_embeddings: read.integer(...keys.max_position_embeddings, most.max_position_embeddings),
  };
  for (const name of ['vocab_size', 'max_position_embeddings'] as const) requireTable(read, keys[name][0], tables[name], hidden_size);
  return { hidden_size, ...layers, ...tables };
}

/** The same of the layers alone. */
export function readLayerSizes(read: ConfigReader, keys: Keys<LayerSize>): Pick<BackboneConfig, LayerSize> {
  const size = (name: LayerSize): number => read.integer(...keys[name], most[name]);
  const sizes = {
    hidden_size: size('hidden_size'),
    num_hidden_layers: size('num_hidden_layers'),
    num_attention_heads: size('num_attention_heads'),
    intermediate_size: size('intermediate_size'),
  };
  const { hidden_size, num_attention_heads, intermediate_size } = sizes;
  const [[width], [heads], [inner]] = [keys.hidden_size, keys.num_attention_heads, keys.intermediate_size];
  const headSize = hidden_size / num_attention_heads;
  read.requires(hidden_size % num_attention_heads === 0, width, `a multiple of ${heads}`);
  read.requires(headSize % 4 === 0, width, `${heads} times a multiple of 4`);
  read.requires(headSize <= mostHeadSize, width, `${heads} times at most ${mostHeadSize}`);
  read.requires(intermediate_size % 4 === 0, inner, 'a multiple of 4');
  requireTable(read, inner, intermediate_size, hidden_size);
  return sizes;
}

interface EncoderDefaults {
  readonly model_type: string;
  readonly vocab_size: number;
  readonly type_vocab_size: number;
  readonly layer_norm_eps: number;
  /** In place of the file's dropout probabilities. */
  readonly dropout: number | undefined;
}

/** The configuration of an encoder whose keys are BERT's. */
export function readEncoderConfig(
  read: ConfigReader,
  { model_type, vocab_size, type_vocab_size, layer_norm_eps, dropout }: EncoderDefaults,
): BackboneConfig {
  const sizes = readSizes(read, {
    hidden_size: ['hidden_size', 768],
    num_hidden_layers: ['num_hidden_layers', 12],
    num_attention_heads: ['num_attention_heads', 12],
    intermediate_size: ['intermediate_size', 3072],
    vocab_size: ['vocab_size', vocab_size],
    max_position_embeddings: ['max_position_embeddings', 512],
  });
  const types = read.integer('type_vocab_size', type_vocab_size, most.vocab_size);
  requireTable(read, 'type_vocab_size', types, sizes.hidden_size);
  read.oneOf('position_embedding_type', ['absolute'], 'absolute');
  read.fixed('is_decoder', false, 'false: tokens that see only those before them are not supported');
  read.fixed('add_cross_attention', false, 'false');
  return {
    ...{ model_type, ...sizes, type_vocab_size: types },
    initializer_range: read.number('initializer_range', 0.02, 0, 10),
    layer_norm_eps: read.number('layer_norm_eps', layer_norm_eps, 1e-30, 1),
    hidden_act: read.activation('hidden_act', 'gelu'),
    hidden_dropout_prob: dropout ?? read.probability('hidden_dropout_prob', 0.1),
    attention_probs_dropout_prob: dropout ?? read.probability('attention_probs_dropout_prob', 0.1),
  };
}
