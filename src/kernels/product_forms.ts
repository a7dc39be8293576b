// Forms of the three matrix products for graphics processors. Each suits shapes of weights; which, is reasoned from how many workgroups there are, and what
// was measured on a device goes before it. Invariant: a form of gemm_nt or gemm_nn is chosen by the weight alone, never by M.

import type { FormedCall, FormSpec } from './forms.ts';

/** Columns up to which a product has too few tiles, since its rows alone must make them. */
const narrowColumns = 64;
/** Columns from which a product has tiles of 128 rows enough, also where a part of a batch has 512 rows. */
const wideColumns = 1536;
/** Tiles of 64 columns by 128 rows from which a weight's gradient has enough of them. */
const enoughTiles = 128;
/** Numbers of a weight up to which tiles of its gradient are too few to fill a GPU. Past it, reading all rows anew for every four outputs takes longer than that. */
const smallWeight = 2 ** 17;

/** A uniform of a call. */
const size = ({ uniforms }: FormedCall, name: string): number => uniforms[name] as number;

/** Tiles in workgroup memory, of 64 columns. */
const tiled = (rows: 64 | 128): FormSpec => ({ devices: 'gpu', folder: 'tiled', constants: { TILE_M: rows }, tile: [64, rows] });

/** Forms of a product with rows of M and these columns. */
const byRows = (columns: 'N' | 'K'): Readonly<Record<string, FormSpec>> => ({
  narrow: { devices: 'gpu', tile: [8, 16], suits: (call) => size(call, columns) <= narrowColumns },
  tiled128: { ...tiled(128), suits: (call) => size(call, columns) >= wideColumns },
  tiled64: tiled(64),
});

/** Blocks of rows side by side. Where every row is an example, the first form adds each row at once, which a driver may round otherwise than a block of one row. */
const gradientLanes: FormSpec = {
  devices: 'gpu',
  work: [['N', 'K']],
  tile: [64],
  fits: (call) => size(call, 'N') % 4 === 0 && size(call, 'T') > 1,
  suits: (call) => size(call, 'N') * size(call, 'K') <= smallWeight,
};

const tilesOf = (call: FormedCall): number => Math.ceil(size(call, 'K') / 64) * Math.ceil(size(call, 'N') / 128);

export const productForms = {
  gemm_nt: byRows('N'),
  gemm_nn: byRows('K'),
  gemm_tn: { lanes: gradientLanes, tiled128: { ...tiled(128), suits: (call) => tilesOf(call) >= enoughTiles }, tiled64: tiled(64) },
} as const satisfies Readonly<Record<string, Readonly<Record<string, FormSpec>>>>;
