// embedding: the sum of word, position and token-type rows. The word table may come in row pieces (a piece fits one binding); each piece writes
// the tokens whose id it holds. The gradient sums, for each id, the chain of tokens that carry it, in order and without atomics.
// A prompt (Lester et al. 2021, arXiv:2104.08691) is P learned rows before the tokens of every example; the tables are frozen then.

import type { Attributes, Graph, Op, Parameter, Tensor } from '../ir.ts';
import { sizeOf } from '../ir.ts';
import { columnSum } from './linear.ts';

const rowsOf = (h: Tensor) => {
  const C = h.shape.at(-1) as number;
  return { N: sizeOf(h.shape) / C, C };
};

const rangeOf = (piece: Tensor) => ({ row_begin: piece.rowBegin ?? 0, row_end: (piece.rowBegin ?? 0) + (piece.shape[0] as number) });

/** Inputs: ids, position_ids, token_type_ids [B, T]; their chains [B, T]; position and token-type tables; the prompt; pieces of the word table. */
const fixedInputs = 9;

type EmbeddingAttributes = Attributes & { readonly first_position: number };

const embeddingOp: Op<EmbeddingAttributes> = {
  name: 'embedding',
  shapes([ids, , , , , , position, token_type, prompt, ...word], { first_position }) {
    const [places, C] = (position as Tensor).shape as [number, number];
    for (const table of [token_type, ...word, ...(prompt ? [prompt] : [])]) {
      if (table?.shape[1] !== C) throw new Error(`embedding: '${table?.name}' [${table?.shape}] for width ${C}`);
    }
    const [B, T] = (ids as Tensor).shape as [number, number];
    const P = prompt?.shape[0] ?? 0;
    if (prompt && prompt.dtype !== 'f32') throw new Error(`embedding: '${prompt.name}' [${P}, ${C}] ${prompt.dtype}`);
    if (first_position + T > places) throw new Error(`embedding: ${T} tokens from position ${first_position} of ${places}`);
    return [{ shape: [B, P + T, C] }];
  },
  vjp({ g, node, d_outputs, needs }) {
    const [ids, positionIds, typeIds, chain, positionChain, typeChain, position, tokenType, prompt, ...word] = node.inputs as Tensor[];
    const d_h = d_outputs[0] as Tensor;
    const accumulate = (index: number, ids_: Tensor, chain_: Tensor, table: Tensor) => {
      if (needs(index)) g.apply(embeddingBackwardOp, [ids_, chain_, d_h, g.registry.gradientOf(table)], {});
    };
    if (prompt && needs(8)) columnSum(g, d_h, g.registry.gradientOf(prompt), d_h.shape[0]);
    accumulate(6, positionIds as Tensor, positionChain as Tensor, position as Tensor);
    accumulate(7, typeIds as Tensor, typeChain as Tensor, tokenType as Tensor);
    word.forEach((piece, i) => {
      accumulate(fixedInputs + i, ids as Tensor, chain as Tensor, piece);
    });
    return [];
  },
  lower({ inputs, outputs, attributes }) {
    const [ids, position_ids, token_type_ids, , , , position, token_type, prompt, ...pieces] = inputs;
    const h = outputs[0] as Tensor;
    const [B, S, C] = h.shape as [number, number, number];
    const { first_position } = attributes as EmbeddingAttributes;
    const rowsIn = (table: Tensor | undefined) => table?.shape[0] as number;
    const V = pieces.reduce((sum, piece) => sum + rowsIn(piece), 0);
    const size = { B, S, P: prompt?.shape[0] ?? 0, first_position, C, V, positions: rowsIn(position), types: rowsIn(token_type) };
    return pieces.map((word) => ({
      kernel: 'embedding' as const,
      tensors: { ids, position_ids, token_type_ids, word, position, token_type, prompt, h },
      uniforms: { ...size, ...rangeOf(word as Tensor) },
      overrides: { PROMPT: prompt ? 1 : 0 },
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
  /** [P, C]: learned rows before the tokens, at the first P positions, of the first token type. Only with frozen tables. */
  readonly prompt?: Tensor;
  /** Position of the first token; left out: behind the prompt. Only with a frozen position table. */
  readonly first_position?: number;
}

/** h [B, P + T, C] of the batch inputs input_ids, position_ids and token_type_ids [B, T], with P = 0 where there is no prompt. */
export function embedding(
  g: Graph,
  B: number,
  T: number,
  { word, position, token_type, prompt, first_position = prompt?.shape[0] ?? 0 }: EmbeddingTables,
): Tensor {
  const names = ['input_ids', 'position_ids', 'token_type_ids'];
  const ids = names.map((name) => g.input(name, [B, T], 'u32'));
  // Chains are needed, and so uploaded, only where a table trains.
  const trains = [word.trainable, position.parameter?.trainable, token_type.parameter?.trainable];
  if (first_position > 0 && trains.some(Boolean))
    throw new Error(`embedding: ${prompt?.name ?? first_position} before the tokens, with tables that train`);
  const chains = names.map((name, i) => (trains[i] && g.training ? g.input(`${name}_chain`, [B, T], 'u32') : undefined));
  return g.apply1(embeddingOp, [...ids, ...chains, position, token_type, prompt, ...word.tensors], { first_position });
}
