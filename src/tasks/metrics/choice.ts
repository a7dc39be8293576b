// Accuracy of choices by their log-likelihoods, as lm-evaluation-harness has it (`process_results` of lm_eval/api/task.py). Plain numbers; nothing here knows models.
// Invariant: of equal scores the first wins, as numpy's argmax has it.

export interface ScoredChoices {
  /** Of each choice the sum of its tokens' log-probabilities, given the context. */
  readonly log_likelihoods: readonly number[];
  /** Of each choice its length in characters, without what is put between context and choice. */
  readonly characters: readonly number[];
  /** The place of the right one. */
  readonly right: number;
}

/** The place of the largest score. */
export const bestPlace = (scores: readonly number[]): number =>
  scores.reduce((best, score, place) => (score > (scores[best] as number) ? place : best), 0);

/** How long a choice is: in Unicode code points, as Python counts characters. By bytes it would be another metric, the harness's `acc_bytes`. */
export const charactersOf = (choice: string): number => [...choice].length;

/** Scores divided by the lengths of the choices. */
export const normalised = ({ log_likelihoods, characters }: Pick<ScoredChoices, 'log_likelihoods' | 'characters'>): readonly number[] =>
  log_likelihoods.map((sum, place) => sum / (characters[place] as number));

/** `acc`: the share of examples whose likeliest choice is the right one; `acc_norm`: likewise, of scores divided by the choices' lengths. */
export function choiceAccuracy(examples: readonly ScoredChoices[]): { readonly acc: number; readonly acc_norm: number } {
  const share = (scoresOf: (example: ScoredChoices) => readonly number[]): number =>
    examples.filter((example) => bestPlace(scoresOf(example)) === example.right).length / Math.max(1, examples.length);
  return { acc: share(({ log_likelihoods }) => log_likelihoods), acc_norm: share(normalised) };
}
