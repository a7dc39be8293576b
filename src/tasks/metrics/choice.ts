// Accuracy of choices by their log-likelihoods, as lm-evaluation-harness has it (`process_results` of lm_eval/api/task.py). Plain numbers; nothing here knows models.
// Invariant: of equal scores the first wins, as numpy's argmax has it.

export interface ScoredChoices {
  /** Of each choice the sum of its tokens' log-probabilities, given the context. */
  readonly log_likelihoods: readonly number[];
  /** The choices as they stand in the data, without what is put between context and choice. */
  readonly choices: readonly string[];
  /** The place of the right one. */
  readonly right: number;
}

/** The place of the largest score. */
export const bestPlace = (scores: readonly number[]): number =>
  scores.reduce((best, score, place) => (score > (scores[best] as number) ? place : best), 0);

/** Scores divided by the length of the choice in characters: Unicode code points, as Python counts them (bytes are the harness's `acc_bytes`). */
export const normalised = ({ log_likelihoods, choices }: Pick<ScoredChoices, 'log_likelihoods' | 'choices'>): readonly number[] =>
  log_likelihoods.map((sum, place) => sum / [...(choices[place] as string)].length);

/** `acc`: the share of examples whose likeliest choice is the right one; `acc_norm`: likewise, of scores divided by the choices' lengths. */
export function choiceAccuracy(examples: readonly ScoredChoices[]): { readonly acc: number; readonly acc_norm: number } {
  const share = (scoresOf: (example: ScoredChoices) => readonly number[]): number =>
    examples.filter((example) => bestPlace(scoresOf(example)) === example.right).length / Math.max(1, examples.length);
  return { acc: share(({ log_likelihoods }) => log_likelihoods), acc_norm: share(normalised) };
}
