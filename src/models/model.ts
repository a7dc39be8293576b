// What a backbone is to the rest: configuration, forward blocks at named sites, weight names. A method changes a model only through `Adaptation`,
// at sites, so that no model knows a method and no method knows a model.

import type { Graph, Tensor } from '../graph/ir.ts';
import type { Block, Piece } from '../stack/block.ts';

/** A dense layer in the forward code. */
export interface LinearSite {
  /** Module path. */
  readonly path: string;
  readonly in_features: number;
  readonly out_features: number;
}

/** What a layer's self-attention worked with: q, k [B, T, C], the log-sum-exp of each row [B, heads, T] and the batch's lengths. */
export interface Attended {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly lse: Tensor;
  readonly lengths: Tensor;
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

/** The parts of one layer; `layer` is `attention` followed by `mlp`. Traced in the scope of the layer. */
export interface LayerBlocks {
  readonly name: string;
  readonly index: number;
  /** Tokens of each example [B]. */
  readonly lengths: Tensor;
  readonly layer: Block;
  readonly attention: Piece;
  readonly mlp: Piece;
}

export interface BackboneConfig {
  readonly model_type: string;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
  readonly type_vocab_size: number;
  readonly initializer_range: number;
  readonly layer_norm_eps: number;
  readonly hidden_dropout_prob: number;
  readonly hidden_act: 'gelu' | 'relu';
}

/** How checkpoints of an architecture spell its parameters. */
export interface CheckpointNames {
  /** What stands before the names of the backbone; a head's stand without. */
  readonly prefixes: readonly string[];
  /** A parameter that every checkpoint has under this name, so that what stands before it is the prefix. */
  readonly anchor: string;
  /** Older spellings of a parameter's name. */
  aliases(name: string): readonly string[];
  /** By parameter, a tensor beside the backbone that has the same values, where only one of both is saved. */
  readonly tied: Readonly<Record<string, string>>;
  /** The parameters of the head, whose rows are the classes. */
  readonly classifier: readonly string[];
}

export interface Backbone {
  readonly config: BackboneConfig;
  readonly names: CheckpointNames;
  /** Hidden states [B, T, C] of the batch inputs, with virtual tokens [B, P + T, C]. */
  embeddings(g: Graph, B: number, T: number, before?: TokensBefore): Tensor;
  layers(lengths: Tensor, adaptation: Adaptation): readonly LayerBlocks[];
  /** The same architecture, `factor` times narrower, with its heads. Errors where the widths are no multiples. */
  narrowed(factor: number): Backbone;
  /** The pretrained transform of the first token [B, C] -> [B, C], where the architecture has one. */
  pooler(g: Graph, pooled: Tensor, adaptation: Adaptation): Tensor;
}
