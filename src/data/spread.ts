// Some of a list, spread over all of it: a file may be sorted.

/** `count` of them, evenly; all where there are no more, or for 0. */
export function spread<T>(all: readonly T[], count: number): T[] {
  if (count === 0 || count >= all.length) return [...all];
  return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)] as T);
}
