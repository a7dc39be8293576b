// embedding: the sum of word, position and token-type rows. The word table may come in row pieces (a piece fits one binding); each piece writes
// the tokens whose id it holds. The gradient sums, for each id, the chain of tokens that carry it, in order and without atomics.

import type { Attributes, Graph, Op, Parameter, Tensor } from '../ir.ts';
import { sizeOf } from '../ir.ts';

const rowsOf = (h: Tensor) => {
  const C = h.shape.at(-1) as number;
  return { N: sizeOf(h.shape) / C, C };
};

const rangeOf = (piece: Tensor) => ({ row_begin: piece.rowBegin ?? 0, row_end: (piece.rowBegin ?? 0) + (piece.shape[0] as number) });

/** Inputs: ids, position_ids, token_type_ids [B, T]; their chains [B, T]; position and token-type tables; then the pieces of the word table. */
const fixedInputs = 8;

const embeddingOp: Op = {
  name: 'embedding',
  shapes([ids, , , , , , position, token_type, ...word]) {
    const C = position?.shape[1] as number;
    for (const table of [token_type, ...word]) {
      if (table?.shape[1] !== C) throw new Error(`embedding: '${table?.name}' [${table?.shape}] for width ${C}`);
    }
    return [{ shape: [...(ids as Tensor).shape, C] }];
  },
  vjp({ g, node, d_outputs, needs }) {
    const [ids, positionIds, typeIds, chain, positionChain, typeChain, position, tokenType, ...word] = node.inputs as Tensor[];
    const d_h = d_outputs[0] as Tensor;
    const accumulate = (index: number, ids_: Tensor, chain_: Tensor, table: Tensor) => {
      if (needs(index)) g.apply(embeddingBackwardOp, [ids_, chain_, d_h, g.registry.gradientOf(table)], {});
    };
    accumulate(6, positionIds as Tensor, positionChain as Tensor, position as Tensor);
    accumulate(7, typeIds as Tensor, typeChain as Tensor, tokenType as Tensor);
    word.forEach((piece, i) => {
      accumulate(fixedInputs + i, ids as Tensor, chain as Tensor, piece);
    });
    return [];
  },
  lower({ inputs, outputs }) {
    const [ids, position_ids, token_type_ids, , , , position, token_type, ...pieces] = inputs;
    const h = outputs[0] as Tensor;
    const size = rowsOf(h);
    return pieces.map((word) => ({
      kernel: 'embedding' as const,
      tensors: { ids, position_ids, token_type_ids, word, position, token_type, h },
      uniforms: { ...size, ...rangeOf(word as Tensor) },
    }));
  },
};

const embeddingBackwardOp: Op<Attributes> = {
  name: 'embedding_backward',
  shapes: () => [],
  accumulates: [3],
  lower({ inputs }) {
    const [ids, chain, d_h, d_table] = inputs as [Tensor, Tensor, Tensor, Tensor];
    const size = rowsOf(d_h);
    return [
      {
        kernel: 'embedding_backward',
        tensors: { ids, chain, d_h, d_table },
        uniforms: { ...size, ...rangeOf(d_table) },
      },
    ];
  },
};

export interface EmbeddingTables {
  readonly word: Parameter;
  readonly position: Tensor;
  readonly token_type: Tensor;
}

/** h [B, T, C] of the batch inputs input_ids, position_ids and token_type_ids [B, T]. */
export function embedding(g: Graph, B: number, T: number, { word, position, token_type }: EmbeddingTables): Tensor {
  const names = ['input_ids', 'position_ids', 'token_type_ids'];
  const ids = names.map((name) => g.input(name, [B, T], 'u32'));
  // Chains are needed, and so uploaded, only where a table trains.
  const trains = [word.trainable, position.parameter?.trainable, token_type.parameter?.trainable];
  const chains = names.map((name, i) => (trains[i] && g.training ? g.input(`${name}_chain`, [B, T], 'u32') : undefined));
  return g.apply1(embeddingOp, [...ids, ...chains, position, token_type, ...word.tensors], {});
}
