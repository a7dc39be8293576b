// embedding: the sum of word, position and token-type rows. The word table may come in row pieces (a piece fits one binding); each piece writes
// the tokens whose id it holds. The gradient sums, for each id, the chain of tokens that carry it, in order and without atomics.
// A prompt (Lester et al. 2021, arXiv:2104.08691) is P learned rows before the tokens of every example; the tables are frozen then.

import type { Graph } from '../graph.ts';
import type { NoTensors, Op } from '../op.ts';
import { type Parameter, sizeOf, type Tensor } from '../tensor.ts';
import { columnSum } from './linear.ts';

const rowsOf = (h: Tensor) => {
  const C = h.shape.at(-1) as number;
  return { N: sizeOf(h.shape) / C, C };
};

const rangeOf = (piece: Tensor) => ({ row_begin: piece.rowBegin ?? 0, row_end: (piece.rowBegin ?? 0) + (piece.shape[0] as number) });

type EmbeddingInputs = {
  readonly input_ids: Tensor; // [B, T]
  readonly position_ids: Tensor; // [B, T]
  readonly token_type_ids: Tensor; // [B, T]
  /** Of a table that trains: for each token the next one with the same id. */
  readonly input_ids_chain: Tensor | undefined; // [B, T]
  readonly position_ids_chain: Tensor | undefined; // [B, T]
  readonly token_type_ids_chain: Tensor | undefined; // [B, T]
  readonly position: Tensor; // [positions, C]
  readonly token_type: Tensor; // [types, C]
  readonly prompt: Tensor | undefined; // [P, C]
  /** Pieces of the table [V, C]. */
  readonly word: readonly Tensor[];
};

const embeddingOp: Op<EmbeddingInputs, { readonly h: Tensor }, { readonly first_position: number }> = {
  name: 'embedding',
  shapes({ input_ids, position, token_type, prompt, word }, { first_position }) {
    const [places, C] = position.shape as [number, number];
    for (const table of [token_type, ...word, ...(prompt ? [prompt] : [])]) {
      if (table.shape[1] !== C) throw new Error(`embedding: '${table.name}' [${table.shape}] for width ${C}`);
    }
    const [B, T] = input_ids.shape as [number, number];
    const P = prompt?.shape[0] ?? 0;
    if (prompt && prompt.dtype !== 'f32') throw new Error(`embedding: '${prompt.name}' [${P}, ${C}] ${prompt.dtype}`);
    if (first_position + T > places) throw new Error(`embedding: ${T} tokens from position ${first_position} of ${places}`);
    return { h: { shape: [B, P + T, C] } };
  },
  vjp({ g, inputs, d, needs }) {
    const { prompt, position, token_type, word } = inputs;
    const d_h = d('h'); // [B, P + T, C]
    const accumulate = (ids: Tensor, chain: Tensor | undefined, table: Tensor) => {
      g.apply(embeddingBackwardOp, { ids, chain, d_h, d_table: g.registry.gradientOf(table) }, {});
    };
    if (prompt && needs('prompt')) columnSum(g, d_h, g.registry.gradientOf(prompt), d_h.shape[0]);
    if (needs('position')) accumulate(inputs.position_ids, inputs.position_ids_chain, position);
    if (needs('token_type')) accumulate(inputs.token_type_ids, inputs.token_type_ids_chain, token_type);
    if (needs('word')) for (const piece of word) accumulate(inputs.input_ids, inputs.input_ids_chain, piece);
    return {};
  },
  lower({ inputs, outputs: { h }, attributes: { first_position } }) {
    const { input_ids: ids, position_ids, token_type_ids, position, token_type, prompt } = inputs;
    const [B, S, C] = h.shape as [number, number, number];
    const rowsIn = (table: Tensor) => table.shape[0] as number;
    const V = inputs.word.reduce((sum, piece) => sum + rowsIn(piece), 0);
    const size = { B, S, P: prompt ? rowsIn(prompt) : 0, first_position, C, V, positions: rowsIn(position), types: rowsIn(token_type) };
    return inputs.word.map((word) => ({
      kernel: 'embedding',
      tensors: { ids, position_ids, token_type_ids, word, position, token_type, prompt, h },
      uniforms: { ...size, ...rangeOf(word) },
      overrides: { PROMPT: prompt ? 1 : 0 },
    }));
  },
};

type EmbeddingBackwardInputs = {
  readonly ids: Tensor; // [B, T]
  readonly chain: Tensor | undefined; // [B, T]
  readonly d_h: Tensor; // [B, T, C]
  readonly d_table: Tensor; // [rows, C]
};

const embeddingBackwardOp: Op<EmbeddingBackwardInputs, NoTensors> = {
  name: 'embedding_backward',
  shapes: () => ({}),
  accumulates: ['d_table'],
  lower: ({ inputs }) => [
    { kernel: 'embedding_backward', tensors: inputs, uniforms: { ...rowsOf(inputs.d_h), ...rangeOf(inputs.d_table) } },
  ],
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
  const ids = (name: string) => g.input(name, [B, T], 'u32');
  const [input_ids, position_ids, token_type_ids] = [ids('input_ids'), ids('position_ids'), ids('token_type_ids')];
  if (first_position > 0 && [word, position.parameter, token_type.parameter].some((table) => table?.trainable))
    throw new Error(`embedding: ${prompt?.name ?? first_position} before the tokens, with tables that train`);
  // Chains are needed, and so uploaded, only where a table trains.
  const chain = (name: string, table: Parameter | undefined) => (table?.trainable && g.training ? ids(`${name}_chain`) : undefined);
  const inputs = {
    ...{ input_ids, position_ids, token_type_ids },
    input_ids_chain: chain('input_ids', word),
    position_ids_chain: chain('position_ids', position.parameter),
    token_type_ids_chain: chain('token_type_ids', token_type.parameter),
    ...{ position, token_type, prompt, word: word.tensors },
  };
  return g.apply(embeddingOp, inputs, { first_position }).h;
}
