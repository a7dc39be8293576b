// The counter-based generator that everything random uses: dropout masks (the same function stands in shaders/prelude.wgsl), adapter
// initialisation and the order of the data. It has no state: a value depends only on its key and its index, so a recompute or a
// resumed run sees the same numbers. Invariant: bit for bit equal to `random_u32` in the shaders.

/** PCG-RXS-M-XS 32 output permutation of one LCG step (O'Neill 2014; as a hash: Jarzynski & Olano, JCGT 2020). */
export function pcg(value: number): number {
  const state = (Math.imul(value, 747796405) + 2891336453) >>> 0;
  const word = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0;
  return ((word >>> 22) ^ word) >>> 0;
}

/** Key of one random stream: (seed, step, site), each a u32. */
export function randomKey(seed: number, step: number, site: number): number {
  return pcg(pcg(pcg(seed >>> 0) ^ (step >>> 0)) ^ (site >>> 0));
}

/** The `index`-th u32 of the stream `key`. */
export function randomU32(key: number, index: number): number {
  return pcg(pcg((index + key) >>> 0) ^ key);
}

/** Uniform in [0, 1) with 24 bits, exact in f32. */
export function randomUniform(key: number, index: number): number {
  return (randomU32(key, index) >>> 8) / 16777216;
}

/** Standard normal by Box-Muller; uses draws 2·index and 2·index + 1. */
export function randomNormal(key: number, index: number): number {
  const u = 1 - randomUniform(key, 2 * index);
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * randomUniform(key, 2 * index + 1));
}

/** A u32 name for a site, from its path (FNV-1a), so that a site's stream does not depend on what else is in the graph. */
export function siteId(path: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < path.length; i++) hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** A permutation of 0..n-1 (Fisher-Yates) that depends only on `key`. */
export function permutation(key: number, n: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(randomUniform(key, i) * (i + 1));
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
  return order;
}
