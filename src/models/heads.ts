// Heads on top of a pooled text, as Transformers' classes for sequence classification have them. Every parameter is the head's own: it trains with every
// method, and starts at random unless the checkpoint has one for the same classes.

import type { Graph } from '../graph/graph.ts';
import { splitColumns } from '../graph/ops/columns.ts';
import { add, applyActivation, dropout, scaleAdd } from '../graph/ops/elementwise.ts';
import { linear } from '../graph/ops/linear.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Activation } from '../kernels/table.ts';
import type { CheckpointNames, SequenceHead, Vocabulary } from './model.ts';

interface HeadLayer {
  readonly name: string;
  /** Dropout on what enters. */
  readonly dropout: number;
  readonly bias?: false;
}

/** x [N, in] -> [N, out_features] */
function layer(g: Graph, { name, dropout: p, bias }: HeadLayer, x: Tensor, out_features: number, std: number): Tensor {
  return g.scope(name, () => {
    const w = g.weight(`${g.path}.weight`, [out_features, x.shape.at(-1) as number], { owner: 'head', initial: { from: 'normal', std } });
    const start = { owner: 'head', initial: { from: 'constant', value: 0 } } as const;
    const entering = dropout(g, x, p, 'dropout');
    return linear(g, entering, w, bias === false ? {} : { bias: g.weight(`${g.path}.bias`, [out_features], start) });
  });
}

const parametersOf = ({ name, bias }: HeadLayer): string[] => [`${name}.weight`, ...(bias === false ? [] : [`${name}.bias`])];

/** One dense layer. */
export const linearHead = (only: HeadLayer, { initializer_range: std }: { readonly initializer_range: number }): SequenceHead => ({
  apply: (g, rows, outputs) => layer(g, only, rows, outputs, std),
  classes: parametersOf(only),
  before: [],
});

/** Two dense layers, the first as wide as what it reads. */
export const twoLayerHead = (
  inner: HeadLayer,
  activation: Activation,
  outer: HeadLayer,
  { initializer_range: std }: { readonly initializer_range: number },
): SequenceHead => ({
  apply(g, rows, outputs) {
    const hidden = layer(g, inner, rows, rows.shape.at(-1) as number, std); // [N, C]
    return layer(g, outer, applyActivation(g, hidden, activation), outputs, std);
  },
  classes: parametersOf(outer),
  before: parametersOf(inner),
});

/** Dense layers side by side, each on its share of what enters; the outputs are their mean. */
export const meanOfHeads = (heads: readonly string[], { initializer_range: std }: { readonly initializer_range: number }): SequenceHead => {
  const layers = heads.map((name): HeadLayer => ({ name, dropout: 0 }));
  return {
    apply(g, rows, outputs) {
      const shares = splitColumns(g, rows, layers.length); // [N, C] each
      const sums = layers.map((own, i) => layer(g, own, shares[i] as Tensor, outputs, std)); // [N, outputs] each
      return scaleAdd(
        g,
        sums.reduce((sum, own) => add(g, sum, own)),
        1 / layers.length,
      );
    },
    classes: layers.flatMap(parametersOf),
    before: [],
  };
};

const ownTable = 'lm_head.weight';

/** What gives a decoder's words: the table of its embeddings, which checkpoints may have as lm_head alone, or else lm_head as a table of its own. */
export const wordHead = (
  { tie_word_embeddings: tied }: { readonly tie_word_embeddings: boolean },
  embeddings: string,
  architecture: string,
): { readonly names: Pick<CheckpointNames, 'beside' | 'tied'>; readonly vocabulary: Vocabulary } => ({
  names: tied ? { tied: { [embeddings]: ownTable } } : { tied: {}, beside: [ownTable] },
  vocabulary: { table: tied ? embeddings : ownTable, architecture },
});
