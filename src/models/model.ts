// What a backbone is to the rest: configuration, forward blocks at named sites, weight names. A method changes a model only through `Adaptation`,
// at sites, so that no model knows a method and no method knows a model.

import type { Graph, Tensor } from '../graph/ir.ts';
import type { Block } from '../graph/layers.ts';

/** A place in the forward code that a method may change: it sees the input and the output and returns another output. */
export interface Site {
  /** `linear`: a dense layer. `ffn`: the feed-forward pair of a layer, before its residual. `attention`: the attention output projection. */
  readonly kind: 'linear' | 'ffn' | 'attention';
  /** Module path of the dense layer, or of the layer for `ffn` and `attention`. */
  readonly path: string;
  readonly in_features: number;
  readonly out_features: number;
}

export interface Adaptation {
  adapts(site: Site): boolean;
  /** Traced in the scope of the site. */
  adapt(g: Graph, site: Site, input: Tensor, output: Tensor): Tensor;
}

export const noAdaptation: Adaptation = { adapts: () => false, adapt: (_g, _site, _input, output) => output };

/** The parts of one layer; `layer` is `attention` followed by `mlp`. Traced in the scope of the layer. */
export interface LayerBlocks {
  readonly name: string;
  readonly layer: Block;
  readonly attention: Block;
  readonly mlp: Block;
}

export interface BackboneConfig {
  readonly model_type: string;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
  readonly initializer_range: number;
  readonly hidden_dropout_prob: number;
  readonly hidden_act: 'gelu' | 'relu';
}

export interface Backbone {
  readonly config: BackboneConfig;
  /** Prefixes that checkpoints of this architecture put before its names. */
  readonly prefixes: readonly string[];
  /** Hidden states [B, T, C] of the batch inputs. */
  embeddings(g: Graph, B: number, T: number): Tensor;
  layers(lengths: Tensor, adaptation: Adaptation): readonly LayerBlocks[];
  /** The pretrained transform of the first token [B, C] -> [B, C], where the architecture has one. */
  pooler(g: Graph, pooled: Tensor): Tensor;
}
