// Sizes as people write them: 512MB, 1.5GiB, 800000000. Not here: how sizes are shown (format.ts). MB are 10^6 bytes, MiB 2^20, as the units are defined.

const factors: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  ...{ kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 },
  ...{ kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 },
};

/** Whole bytes of a size, or undefined where it is none. */
export function bytesIn(size: string): number | undefined {
  const [, number, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(size) ?? [];
  const factor = factors[unit.toLowerCase()];
  return number === undefined || factor === undefined ? undefined : Math.floor(Number(number) * factor);
}
