// embedding: rows of tables, one table after the other: words, then positions, then types, each added to what is there. A table may come in
// pieces, each of which fits a binding and is a dispatch of its own. The gradient sums, for each id, the chain of tokens that carry it, in order and without
// atomics.
// A prompt (Lester et al. 2021, arXiv:2104.08691) is P learned rows before the tokens of every example; the tables are frozen then.

import type { Graph } from '../graph.ts';
import type { NoTensors, Op } from '../op.ts';
import type { Parameter, Tensor } from '../tensor.ts';
import { prependRows } from './prepend_rows.ts';

const rowsOf = (rows: Tensor) => ({ row_begin: rows.rowBegin ?? 0, row_end: (rows.rowBegin ?? 0) + (rows.shape[0] as number) });

type EmbeddingInputs = {
  readonly ids: Tensor; // [B, T]
  /** Of a table that trains: for each token the next one with the same id. */
  readonly chain: Tensor | undefined; // [B, T]
  /** Pieces of [rows, C]. */
  readonly table: readonly Tensor[];
  readonly into: Tensor | undefined; // [B, P + T, C]
};

type EmbeddingAttributes = {
  /** Rows of the whole table. */
  readonly rows: number;
  /** Row of id 0. */
  readonly shift: number;
  /** Rows before the tokens, of which row t reads `before` + `step` · t. */
  readonly P: number;
  readonly before: number;
  readonly step: number;
  readonly accumulate: boolean;
};

const embeddingOp: Op<EmbeddingInputs, { readonly h: Tensor }, EmbeddingAttributes> = {
  name: 'embedding',
  shapes({ ids, table, into }, { P }) {
    const [B, T] = ids.shape as [number, number];
    const shape = [B, P + T, table[0]?.shape[1] as number];
    if (into && into.shape.join() !== shape.join()) throw new Error(`embedding: '${table[0]?.name}' [${shape}] into [${into.shape}]`);
    return { h: { shape } };
  },
  inPlace: ({ accumulate }) => (accumulate ? [['h', 'into']] : []),
  vjp({ g, inputs: { ids, chain, table }, attributes: { rows, shift }, d, needs }) {
    const d_h = d('h'); // [B, P + T, C]
    if (needs('table')) {
      for (const piece of table) {
        g.apply(embeddingBackwardOp, { ids, chain, d_h, d_table: g.registry.gradientOf(piece) }, { rows, shift });
      }
    }
    return { into: needs('into') ? d_h : undefined };
  },
  lower({ inputs: { ids, table }, outputs: { h }, attributes: { accumulate, ...size } }) {
    const [B, S, C] = h.shape as [number, number, number];
    return table.map((piece) => ({
      kernel: 'embedding',
      tensors: { ids, table: piece, h },
      uniforms: { B, S, C, ...size, ...rowsOf(piece) },
      overrides: { ACCUMULATE: accumulate ? 1 : 0 },
    }));
  },
};

type EmbeddingBackwardInputs = {
  readonly ids: Tensor; // [B, T]
  readonly chain: Tensor | undefined; // [B, T]
  readonly d_h: Tensor; // [B, T, C]
  readonly d_table: Tensor; // [rows, C]
};

const embeddingBackwardOp: Op<EmbeddingBackwardInputs, NoTensors, { readonly rows: number; readonly shift: number }> = {
  name: 'embedding_backward',
  shapes: () => ({}),
  accumulates: ['d_table'],
  lower({ inputs, attributes }) {
    const [B, T, C] = inputs.d_h.shape as [number, number, number];
    return [{ kernel: 'embedding_backward', tensors: inputs, uniforms: { N: B * T, C, T, ...attributes, ...rowsOf(inputs.d_table) } }];
  },
};

export interface EmbeddingTables {
  /** [V, C] */
  readonly word: Parameter;
  /** What stands between the rows of words and what is added to them, such as a projection [B, T, E] -> [B, T, C]. */
  readonly project?: (h: Tensor) => Tensor;
  /** [position_offset + positions, C] */
  readonly position?: Parameter;
  /** Rows of the position table that no token has: position 0 is behind them. */
  readonly position_offset?: number;
  /** [types, C] */
  readonly token_type?: Parameter;
  /** [P, C]: learned rows before the tokens, at the first P positions, of the first token type. Only with frozen tables. */
  readonly prompt?: Tensor;
  /** Before the names of the batch inputs: `decoder_` where they are a decoder's. */
  readonly input_prefix?: string;
  /** Position of the first token; left out: behind the prompt. Only with frozen tables. */
  readonly first_position?: number;
}

/** Rows of a table by the ids [B, T] of the batch input `name`, added to `into` where it is given. */
function rowsByInput(
  g: Graph,
  name: string,
  shape: readonly number[],
  table: Parameter,
  at: Partial<EmbeddingAttributes>,
  into?: Tensor,
): Tensor {
  const ids = g.input(name, shape, 'u32');
  // Chains are needed, and so uploaded, only where a table trains.
  const chain = table.trainable && g.training ? g.input(`${name}_chain`, shape, 'u32') : undefined;
  const attributes = { rows: table.shape[0] as number, shift: 0, P: 0, before: 0, step: 0, accumulate: into !== undefined, ...at };
  return g.apply(embeddingOp, { ids, chain, table: table.tensors, into }, attributes).h;
}

/** h [B, T, C], which it consumes, with the rows of a table [T, C] of positions by the batch input position_ids. */
export const addPositions = (g: Graph, h: Tensor, table: Parameter): Tensor =>
  rowsByInput(g, 'position_ids', h.shape.slice(0, 2), table, {}, h);

/** h [B, P + T, C] of the batch inputs input_ids, position_ids and token_type_ids [B, T], with P = 0 where there is no prompt. */
export function embedding(g: Graph, B: number, T: number, tables: EmbeddingTables): Tensor {
  const { word, project, position, position_offset = 0, token_type, prompt, input_prefix = '' } = tables;
  const P = prompt?.shape[0] ?? 0;
  const first = tables.first_position ?? P;
  if (first > 0 && [word, position, token_type].some((table) => table?.trainable))
    throw new Error(`embedding: ${prompt?.name ?? first} before the tokens, with tables that train`);
  const places = (position?.shape[0] ?? Number.POSITIVE_INFINITY) - position_offset;
  if (first + T > places) throw new Error(`embedding: ${T} tokens from position ${first} of ${places}`);

  const rows = (name: string, table: Parameter, at: Partial<EmbeddingAttributes>, into?: Tensor): Tensor =>
    rowsByInput(g, name, [B, T], table, at, into);
  const words = rows(`${input_prefix}input_ids`, word, {}); // [B, T, C]
  const all = prompt ? prependRows(g, prompt, words) : words; // [B, P + T, C]
  const h = project?.(all) ?? all;
  const placed = position
    ? rows(`${input_prefix}position_ids`, position, { shift: first + position_offset, P, before: position_offset, step: 1 }, h)
    : h;
  return token_type ? rows(`${input_prefix}token_type_ids`, token_type, { P }, placed) : placed;
}
