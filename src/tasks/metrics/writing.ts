// How well texts are written: perplexity of what is given, and exact match of what was generated. Plain numbers and texts.

/** exp of the mean loss a token; `sum` is that of -log p over `tokens` tokens. Without tokens there is none: NaN. */
export const perplexity = (sum: number, tokens: number): number => Math.exp(sum / tokens);

/** The share of texts that equal their references to the letter, as `exact_match` of `evaluate` has it; none of nothing. */
export function exactMatch(texts: readonly string[], references: readonly string[]): number {
  return texts.filter((text, i) => text === references[i]).length / Math.max(1, texts.length);
}
