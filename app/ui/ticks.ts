// Where an axis has its marks. Pure.

/** Three or four round values from 0 to at least `most`. */
export function ticksOf(most: number): number[] {
  if (most <= 0) return [0];
  const raw = most / 3;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step);
}
