// How often an example of each class counts in the loss of a run: once, balanced by the training data, or as its numbers say.

import type { TokenizedDataset } from '../../data/dataset.ts';
import { RetraceError } from '../../protocol/errors.ts';

/** Whether a run weighs its classes. */
export const weighsClasses = (asked: readonly string[]): boolean => asked.length > 0 && !(asked.length === 1 && asked[0] === 'none');

/**
 * [labels]; undefined where every example counts once. Balanced is scikit-learn's n / (labels · examples of the class), with which all classes weigh alike
 * and an example counts once on average. Error: `class-weights`, where they are not one number for each class.
 */
export function classWeights(
  asked: readonly string[],
  { labels, classCounts, examples }: Pick<TokenizedDataset, 'labels' | 'classCounts' | 'examples'>,
): Float32Array<ArrayBuffer> | undefined {
  if (!weighsClasses(asked) || labels.length === 0) return undefined;
  if (asked.length === 1 && asked[0] === 'balanced') {
    return Float32Array.from(classCounts, (count) => (count === 0 ? 0 : examples.length / (labels.length * count)));
  }
  const weights = Float32Array.from(asked, Number);
  if (weights.length === labels.length && weights.every((weight) => weight > 0)) return weights;
  const some = labels.slice(0, 6).join(', ') + (labels.length > 6 ? ', ...' : '');
  throw new RetraceError({
    code: 'class-weights',
    message: `The class weights are ${asked.join(', ')}, and the data have ${labels.length} classes: ${some}.`,
    where: 'class_weights',
    remedy: `Give ${labels.length} numbers, in this order, or balanced.`,
  });
}
