// Where an axis has its marks. Pure.

/** The round distance of which about `count` fit into a length: 1, 2, 2.5, 5 or 10 times a power of ten. */
function roundStep(length: number, count: number): number {
  const raw = length / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  return ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
}

/** Three or four round values from 0 to at least `most`. */
export function ticksOf(most: number): number[] {
  if (most <= 0) return [0];
  const step = roundStep(most, 3);
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step);
}

/** Round values from `from` to `to`, five at most. */
export function ticksBetween(from: number, to: number): number[] {
  if (!(to > from)) return [];
  const step = roundStep(to - from, 5);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  // Divided at the end, or 0.1 would be 0.1 plus an error.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
