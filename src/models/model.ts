// What a backbone is to the rest: configuration, forward blocks at named sites, weight names. A method changes a model only through `Adaptation`,
// at sites, so that no model knows a method and no method knows a model.

import type { Graph } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Activation } from '../kernels/table.ts';
import type { MethodOptions, Pooling } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { Block, Mixing, Rows } from '../stack/block.ts';
import type { KeyValueCache } from './key_value_cache.ts';

/** A dense layer in the forward code. */
export interface LinearSite {
  /** Module path. */
  readonly path: string;
  readonly in_features: number;
  readonly out_features: number;
}

/** What a layer's self-attention worked with: q, k [B, T, C], the log-sum-exp of each row [B, heads, T], the batch's lengths and the mask. */
export interface Attended {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly lse: Tensor;
  readonly lengths: Tensor;
  readonly causal: boolean;
}

/** Virtual tokens [P, C] before a sequence, and the position of its first own token. */
export interface TokensBefore {
  readonly prompt?: Tensor;
  readonly first_position: number;
}

/** What a method does at the sites of a model, each hook traced in the scope of its site; those left out leave the model as it is. */
export interface Adaptation {
  /** Dense layers: what enters (`before`) and what leaves (`after`, given the input too) those that `adapts` names. */
  readonly linear?: {
    adapts(site: LinearSite): boolean;
    /** Throws where it was to adapt layers that were not among those traced. */
    requireFound?(): void;
    before?(g: Graph, site: LinearSite, x: Tensor): Tensor;
    after?(g: Graph, site: LinearSite, x: Tensor, y: Tensor): Tensor;
  };
  /** The feed-forward pair of a layer: its input `a` and its output `y` before the residual, tokens of each example; in the scope of the layer. */
  ffn?(g: Graph, a: Tensor, y: Tensor, lengths: Tensor): Tensor;
  /** The attention's output projection `y` before the residual. */
  attentionOutput?(g: Graph, y: Tensor): Tensor;
  /** Keys and values [B, T, C] of a self-attention -> [B, P + T, C]: the first P are seen by every query. */
  keysAndValues?(g: Graph, k: Tensor, v: Tensor): readonly [Tensor, Tensor];
  /** Hands over what a self-attention worked with. */
  attended?(attended: Attended): void;
  /** What stands before the tokens. */
  tokensBefore?(g: Graph): TokensBefore;
}

export const noAdaptation: Adaptation = {};

/** The tokens that layers work on. */
export interface Tokens {
  /** Of each example [B], virtual ones included. */
  readonly lengths: Tensor;
  /** Where keys and values of texts stay that are written token by token; left out: the texts are there whole. */
  readonly cache?: KeyValueCache | undefined;
}

/** The parts of one layer; `layer` is `attention` followed by `mlp`. Traced in the scope of the layer. */
export interface LayerBlocks {
  readonly name: string;
  readonly index: number;
  readonly tokens: Tokens;
  readonly layer: Block;
  readonly attention: Mixing;
  readonly mlp: Rows;
}

export interface BackboneConfig {
  readonly model_type: string;
  readonly hidden_size: number;
  /** Of all stacks. */
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly vocab_size: number;
  /** Positions that a text may have: rows of the table that are never used do not count. */
  readonly max_position_embeddings: number;
  /** 0 where tokens have no types. */
  readonly type_vocab_size: number;
  readonly initializer_range: number;
  readonly layer_norm_eps: number;
  readonly hidden_dropout_prob: number;
  readonly attention_probs_dropout_prob: number;
  readonly hidden_act: Activation;
  /** Of a model that reads with one stack and writes with another: the token before the first that is written. */
  readonly decoder_start_token_id?: number;
  /** Of a model that looks at pictures; left out: it reads texts. */
  readonly image?: ImageShape;
}

/** The pictures that a model looks at, and how it cuts them: every one makes the same number of tokens. */
export interface ImageShape {
  /** Pixels along a side. */
  readonly image_size: number;
  /** Pixels along a side of a patch. */
  readonly patch_size: number;
  readonly num_channels: number;
  /** Tokens before those of the patches. */
  readonly special_tokens: number;
}

/** The longest row of tokens, virtual ones before it included: those of pictures have no positions that virtual tokens would take. */
export const positionsOf = ({ image, max_position_embeddings }: BackboneConfig): number =>
  image ? Number.POSITIVE_INFINITY : max_position_embeddings;

/** How checkpoints of an architecture spell its parameters. */
export interface CheckpointNames {
  /** What may stand before the names of the backbone, Transformers' `base_model_prefix` first; a head's stand without. */
  readonly prefixes: readonly string[];
  /** A parameter that every checkpoint has under this name, so that what stands before it is the prefix. */
  readonly anchor: string;
  /** Older spellings of a parameter's name. */
  aliases(name: string): readonly string[];
  /** The spelling in which whole models are written, where not every version of Transformers reads the newest. */
  written?(name: string): string;
  /** Parameters that stand beside the backbone in a checkpoint, without its prefix, as a head's do. */
  readonly beside?: readonly string[];
  /** By parameter, a tensor beside the backbone that has the same values, where only one of both is saved. */
  readonly tied: Readonly<Record<string, string>>;
}

/** What makes one value a class of one vector a text. */
export interface SequenceHead {
  /** Outputs [N, outputs] of rows [N, C]; every parameter is the head's. */
  apply(g: Graph, rows: Tensor, outputs: number): Tensor;
  /** Its parameters that have a row for each class, the matrix first. */
  readonly classes: readonly string[];
  /** Its other parameters: taken from a checkpoint whole, together with those. */
  readonly before: readonly string[];
}

/** What tasks make outputs of: a vector for each text, one for each choice, or the words of the vocabulary. */
export type HeadKind = 'sequence' | 'choices' | 'words';

/** A head as the model that scores choices has it. Here and for PEFT its parameters are called what the head for texts calls them. */
export interface ChoiceHead {
  /** Transformers' class, as `architectures` lists it. */
  readonly architecture: string;
  /** Where its dropout is not that of the head for texts. */
  readonly head?: SequenceHead;
  /** What the class calls layers of the head, where it has other names for them. */
  readonly layers?: Readonly<Record<string, string>>;
}

/** How a text's hidden states become one vector, and what head reads it. */
export interface PooledHead {
  /** What the pooling takes of the hidden states [B, T, C] -> [B, C'], where that is not what texts have. */
  pool?(g: Graph, hidden: Tensor, lengths: Tensor): Tensor;
  /** The pretrained transform of the pooled rows [B, C] -> [B, C], where the architecture has one. */
  transform?(g: Graph, pooled: Tensor, adaptation: Adaptation): Tensor;
  /** The parameter that a checkpoint must have for this pooling, where some lack it. */
  readonly needs?: string;
  /** Transformers' class of the model with this head, as `architectures` lists it; left out where Transformers has none. */
  readonly architecture?: string;
  /** Where Transformers has a model that scores choices with this head. */
  readonly choices?: ChoiceHead;
  readonly head: SequenceHead;
}

/** What gives the words that a model writes: their logits are products of the last hidden states with a table that has a row for each word. */
export interface Vocabulary {
  /** The table's parameter, mostly the one that the embeddings read: [vocab_size, width of what the last stack gives]. */
  readonly table: string;
  /** Transformers' class of the model that writes, as `architectures` lists it. */
  readonly architecture: string;
  /** [vocab_size] */
  bias?(g: Graph): Tensor;
}

/** A tower of layers over tokens. */
export interface Stack {
  /** What the names of its batch inputs begin with: nothing, or `decoder_` for the tokens that are written. */
  readonly input_prefix: '' | 'decoder_';
  /** An earlier stack, whose last hidden states are given to all its layers. */
  readonly reads?: number;
  readonly num_hidden_layers: number;
  /** Hidden states [B, T, C] of the batch inputs; with virtual tokens [B, P + T, C]. */
  embed(g: Graph, B: number, T: number, before?: TokensBefore): Tensor;
  /** `given_lengths` [B]: tokens of what it reads. */
  layers(tokens: Tokens, adaptation: Adaptation, given_lengths?: Tensor): readonly LayerBlocks[];
  /** Width of the table of words, where it is not hidden_size. */
  readonly input_size?: number;
  /** Width of what `finish` gives, where it is not hidden_size. */
  readonly output_size?: number;
  /** What comes behind the last layer, such as the final norm of pre-LN models: [B, T, C] -> [B, T, C']. */
  finish(g: Graph, h: Tensor): Tensor;
}

/** Defaults of options that depend on the architecture: target modules are those of PEFT's tables by model_type. */
export interface BackboneDefaults {
  readonly lora: Pick<MethodOptions, 'target_modules'>;
  readonly ia3: Pick<MethodOptions, 'target_modules' | 'feedforward_modules'>;
  /** How two streams become one again, and the bits after the point that leave room for the largest numbers of real checkpoints. */
  readonly streams: Pick<MethodOptions, 'final_combination' | 'fraction_bits'>;
}

/** Names of the parameters that heads have, whatever the pooling. */
export const headParameters = ({ poolings }: Pick<Backbone, 'poolings'>): readonly string[] =>
  Object.values(poolings).flatMap(({ head }) => [...head.classes, ...head.before]);

/** The pooling that the architecture's own head has. */
export const ownPooling = ({ poolings }: Pick<Backbone, 'poolings'>): Pooling => Object.keys(poolings)[0] as Pooling;

/** Error `unsupported-pooling`, where the architecture has no such pooling. */
export function pooledHead({ config, poolings }: Pick<Backbone, 'config' | 'poolings'>, pooling: Pooling): PooledHead {
  const own = poolings[pooling];
  if (own) return own;
  throw new RetraceError({
    code: 'unsupported-pooling',
    message: `Pooling '${pooling}' is not there for a model of type '${config.model_type}'.`,
    where: 'pooling',
    remedy: `Use ${Object.keys(poolings).join(' or ')}.`,
  });
}

/** The head that reads the pooled rows of a task. Error `unsupported-pooling`. */
export function headOf(backbone: Pick<Backbone, 'config' | 'poolings'>, pooling: Pooling, kind: HeadKind): SequenceHead {
  const { head, choices } = pooledHead(backbone, pooling);
  return (kind === 'choices' ? choices?.head : undefined) ?? head;
}

/** What Transformers' class calls a parameter of the head of a task. */
export function nameInClass({ poolings }: Pick<Backbone, 'poolings'>, pooling: Pooling, kind: HeadKind, parameter: string): string {
  const end = parameter.lastIndexOf('.');
  const layer = kind === 'choices' ? poolings[pooling]?.choices?.layers?.[parameter.slice(0, end)] : undefined;
  return layer === undefined ? parameter : layer + parameter.slice(end);
}

/** Transformers' class of the model with the head of a task, where it has one. Without one for choices, the class for texts scores them by one output. */
export function architectureOf(backbone: Backbone, head: HeadKind, pooling: Pooling = ownPooling(backbone)): string | undefined {
  const pooled = backbone.poolings[pooling];
  const classes = {
    sequence: pooled?.architecture,
    choices: pooled?.choices?.architecture ?? pooled?.architecture,
    words: backbone.vocabulary?.architecture,
  };
  return classes[head];
}

/** Error `no-vocabulary`, where the model writes no words. */
export function requireVocabulary({ config, vocabulary }: Pick<Backbone, 'config' | 'vocabulary'>): Vocabulary {
  if (vocabulary) return vocabulary;
  throw new RetraceError({
    code: 'no-vocabulary',
    message: `A model of type '${config.model_type}' writes no words here.`,
    where: 'model',
    remedy: 'Choose a model that does, such as a GPT-2 or an OPT.',
  });
}

/**
 * Parameters that Transformers' model with this head holds in several modules, as one of both stacks or of embeddings and words, with the tensor of another
 * of these modules.
 */
export const sharedParameters = ({ names, stacks, vocabulary }: Backbone, kind: HeadKind): ReadonlyMap<string, string> =>
  new Map(Object.entries(names.tied).filter(([name]) => stacks.length > 1 || (kind === 'words' && vocabulary?.table === name)));

/** The stack whose last hidden states heads read. */
export const topStack = ({ stacks }: Pick<Backbone, 'stacks'>): Stack => stacks.at(-1) as Stack;

export interface Backbone {
  readonly config: BackboneConfig;
  readonly names: CheckpointNames;
  readonly defaults: BackboneDefaults;
  /** In the order in which they run; heads read the last one's result. */
  readonly stacks: readonly [Stack, ...Stack[]];
  /** The architecture's own first. */
  readonly poolings: Readonly<Partial<Record<Pooling, PooledHead>>>;
  /** Of models that write. */
  readonly vocabulary?: Vocabulary;
  /** The same architecture, `factor` times narrower, with its heads. Errors where the widths are no multiples. */
  narrowed(factor: number): Backbone;
}
