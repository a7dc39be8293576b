// Probabilities of scores, and the loss of them. Plain numbers.

export function softmax(scores: ArrayLike<number>): number[] {
  const all = Array.from(scores);
  const most = Math.max(...all);
  const parts = all.map((x) => Math.exp(x - most));
  const sum = parts.reduce((a, b) => a + b, 0);
  return parts.map((part) => part / sum);
}

/** -log softmax(scores)[right] */
export function crossEntropy(scores: ArrayLike<number>, right: number): number {
  const all = Array.from(scores);
  const most = Math.max(...all);
  return most + Math.log(all.reduce((total, x) => total + Math.exp(x - most), 0)) - (all[right] as number);
}
