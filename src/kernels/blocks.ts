// Blocks of rows, by which sums over rows are made: up to 64 rows of one example (docs/adr/0010-sums-by-blocks.md). Not here: which kernels sum by them.
// Invariant: blocks are those of `block_end` in shaders/prelude.wgsl.

/** Rows of a block, as BLOCK there. */
const block = 64;

/** Blocks of `rows` rows, T to an example, of which the first is its example's row `first`. */
export function blocksOf(rows: number, T: number, first: number): number {
  const blockAt = (row: number) => Math.floor(row / T) * Math.ceil(T / block) + Math.floor((row % T) / block);
  return rows === 0 ? 0 : blockAt(first + rows - 1) - blockAt(first) + 1;
}
