// Data sets of the hub that page and command line offer by name: GLUE's tasks, and which split evaluates a training split. Plain data; nothing is asked for.
// Facts as the hub's data set viewer and the GLUE benchmark (Wang et al., 2019) give them. Invariant: a task that can't be trained yet stands here with the reason.

import type { Columns } from './config.ts';

export interface KnownDataset {
  readonly id: string;
  readonly config: string;
  /** As papers call it. */
  readonly title: string;
  /** What it asks, in a sentence. */
  readonly is: string;
  readonly columns: Columns;
  /** In the order of their numbers; empty where the label is a number. */
  readonly classes: readonly string[];
  readonly rows: { readonly train: number; readonly evaluation: number };
  readonly eval_split: string;
  /** Further splits that are evaluated with, by the names that their scores have. */
  readonly more_eval_splits?: Readonly<Record<string, string>>;
  /** Those that GLUE reports, the first of them above all. */
  readonly metrics: readonly ('accuracy' | 'f1' | 'matthews_correlation' | 'pearson' | 'spearmanr')[];
  /** What the hub's card says of the licence. */
  readonly licence: string;
}

const common = {
  id: 'nyu-mll/glue',
  eval_split: 'validation',
  licence: 'other: each task keeps the licence of the data that it was made from',
} as const;
const pair = { text: 'sentence1', text_pair: 'sentence2', label: 'label' } as const;

export const glueTasks: readonly KnownDataset[] = [
  {
    ...{ ...common, config: 'cola', title: 'CoLA', columns: { text: 'sentence', label: 'label' } },
    is: 'Is an English sentence grammatical?',
    classes: ['unacceptable', 'acceptable'],
    rows: { train: 8551, evaluation: 1043 },
    metrics: ['matthews_correlation'],
  },
  {
    ...{ ...common, config: 'sst2', title: 'SST-2', columns: { text: 'sentence', label: 'label' } },
    is: 'Does a phrase of a film review speak well of the film?',
    classes: ['negative', 'positive'],
    rows: { train: 67_349, evaluation: 872 },
    metrics: ['accuracy'],
  },
  {
    ...{ ...common, config: 'mrpc', title: 'MRPC', columns: pair },
    is: 'Do two sentences from the news say the same?',
    classes: ['not_equivalent', 'equivalent'],
    rows: { train: 3668, evaluation: 408 },
    metrics: ['f1', 'accuracy'],
  },
  {
    ...{ ...common, config: 'stsb', title: 'STS-B', columns: pair },
    is: 'How alike are two sentences, from 0 to 5?',
    classes: [],
    rows: { train: 5749, evaluation: 1500 },
    metrics: ['pearson', 'spearmanr'],
  },
  {
    ...{ ...common, config: 'qqp', title: 'QQP', columns: { text: 'question1', text_pair: 'question2', label: 'label' } },
    is: 'Do two questions from Quora ask the same?',
    classes: ['not_duplicate', 'duplicate'],
    rows: { train: 363_846, evaluation: 40_430 },
    metrics: ['f1', 'accuracy'],
  },
  {
    ...{ ...common, config: 'mnli', title: 'MNLI', columns: { text: 'premise', text_pair: 'hypothesis', label: 'label' } },
    is: 'Does one sentence follow from another, contradict it, or neither?',
    classes: ['entailment', 'neutral', 'contradiction'],
    rows: { train: 392_702, evaluation: 9815 },
    eval_split: 'validation_matched',
    more_eval_splits: { mismatched: 'validation_mismatched' },
    metrics: ['accuracy'],
  },
  {
    ...{ ...common, config: 'qnli', title: 'QNLI', columns: { text: 'question', text_pair: 'sentence', label: 'label' } },
    is: 'Does a sentence of Wikipedia hold the answer to a question?',
    classes: ['entailment', 'not_entailment'],
    rows: { train: 104_743, evaluation: 5463 },
    metrics: ['accuracy'],
  },
  {
    ...{ ...common, config: 'rte', title: 'RTE', columns: pair },
    is: 'Does a sentence follow from a short text?',
    classes: ['entailment', 'not_entailment'],
    rows: { train: 2490, evaluation: 277 },
    metrics: ['accuracy'],
  },
];

export const knownDataset = (id: string, config: string): KnownDataset | undefined =>
  glueTasks.find((task) => task.id === id && task.config === config);

/** Names of splits to evaluate with while one is developing, the likeliest first. A test split is not among them: it is for the end. */
const evaluationSplits = ['validation', 'validation_matched', 'valid', 'dev', 'val'];

/** The split that evaluates what is trained on `train`; undefined where a part of the training split has to be held back. */
export const evaluationSplit = (splits: readonly string[], train = 'train'): string | undefined =>
  evaluationSplits.find((name) => name !== train && splits.includes(name));
