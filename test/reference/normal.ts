// The normal distribution in f64, for GELU. Not fast.

/** Φ(x) = (1 + erf(x / √2)) / 2, relative error about 1e-14 in both tails. */
export function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const upper = z < 2 ? 0.5 * (1 - erfSeries(z)) : 0.5 * erfcFraction(z);
  return x < 0 ? upper : 1 - upper;
}

export const normalPdf = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** erf(z) = 2/√π · exp(-z²) · Σ 2ⁿ z²ⁿ⁺¹ / (2n + 1)!!  (Abramowitz & Stegun 7.1.6); every term is positive. */
function erfSeries(z: number): number {
  let term = z;
  let sum = z;
  for (let n = 1; term > sum * 1e-18; n++) {
    term *= (2 * z * z) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum;
}

/** erfc(z) by its continued fraction (Abramowitz & Stegun 7.1.14), for z >= 2. */
function erfcFraction(z: number): number {
  let fraction = z;
  for (let n = 120; n >= 1; n--) fraction = z + n / 2 / fraction;
  return Math.exp(-z * z) / Math.sqrt(Math.PI) / fraction;
}
