// Keys and values of a text that is written token by token. Each program of such a text leaves those of its tokens in tensors that last, one pair a
// self-attention, by its module path; the programs after the first read there what all tokens before left. Not here: which programs there are and which row
// a token has (src/generate).
// Invariant: kept is what leaves the projections. What a method puts before keys and values stands before those of the cache as it does before a text's.

import type { Graph } from '../graph/graph.ts';
import { copyInto } from '../graph/ops/elementwise.ts';
import { putRows } from '../graph/ops/gather_rows.ts';
import type { Tensor } from '../graph/tensor.ts';
import { RetraceError } from '../protocol/errors.ts';

export interface KeyValueCache {
  /** The program's tokens begin a text, or follow those of the cache: then there is one of each text. */
  readonly tokens: 'first' | 'next';
  /** Rows that each example has. */
  readonly capacity: number;
}

/** What the queries of a self-attention see. */
export interface Seen {
  readonly k: Tensor; // [B, S, C]
  readonly v: Tensor; // [B, S, C]
  /** [B]: rows of the cache that are in use, where k and v are the cache's. */
  readonly key_lengths?: Tensor;
}

/** Keeps keys and values [B, T, C] of a whole batch under the current module path; what its queries see. */
export function kept(g: Graph, { tokens, capacity }: KeyValueCache, k: Tensor, v: Tensor): Seen {
  const [B, T, C] = k.shape as [number, number, number];
  const rows = g.input('cache_rows', [B * T], 'u32');
  const keep = (name: 'keys' | 'values', own: Tensor): Tensor => {
    const lasting = g.registry.lasting(`${g.path}.${name}`, [B, capacity, C], 'f32');
    putRows(g, own, rows, lasting);
    return lasting;
  };
  const cached = { k: keep('keys', k), v: keep('values', v) };
  return tokens === 'first' ? { k, v } : { ...cached, key_lengths: g.input('cache_lengths', [B], 'u32') };
}

/** Keys and values [B, S, C] of what a text is written of: made beside its first token, and there for the next. */
export function keptOnce(g: Graph, { tokens }: KeyValueCache, make: () => readonly Tensor[]): readonly Tensor[] {
  const names = ['given_keys', 'given_values'].map((name) => `${g.path}.${name}`);
  if (tokens === 'next') return names.flatMap((name) => g.registry.lastings.get(name) ?? []);
  const made = make();
  for (const [i, name] of names.entries()) {
    const own = made[i] as Tensor;
    copyInto(g, own, g.registry.lasting(name, own.shape, own.dtype));
  }
  return made;
}

/** Error `sees-what-follows`. */
export function refuseWithoutMask(path: string): never {
  throw new RetraceError({
    code: 'sees-what-follows',
    message: `Tokens of this model see those that follow them ('${path}' has no causal mask), so it can't write a text from left to right.`,
    where: 'model',
    remedy: 'Use a GPT-2, an OPT or a BART.',
  });
}
