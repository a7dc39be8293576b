// Data sets of the hub that page and command line offer by name: GLUE's tasks, five sets of questions, and which split evaluates a training split. Plain data;
// nothing is asked for. Facts as the hub's cards, GLUE (Wang et al., 2019) and lm-evaluation-harness give them. Invariant: a row's `task` is its name everywhere.

import type { Columns } from './config.ts';

export interface KnownDataset {
  /** The name of the task that it is. */
  readonly task: string;
  readonly suite: 'GLUE' | 'question answering';
  readonly id: string;
  readonly config: string;
  /** As papers call it. */
  readonly title: string;
  /** What it asks, in a sentence. */
  readonly is: string;
  readonly columns: Columns;
  /** In the order of their numbers; empty where the label is a number, or a choice among the row's own answers. */
  readonly classes: readonly string[];
  readonly rows: { readonly train: number; readonly evaluation: number };
  readonly eval_split: string;
  /** Further splits that are evaluated with, by the names that their scores have. */
  readonly more_eval_splits?: Readonly<Record<string, string>>;
  /** Those that GLUE or the harness reports, the first of them above all. */
  readonly metrics: readonly ('accuracy' | 'f1' | 'matthews_correlation' | 'pearson' | 'spearmanr' | 'acc' | 'acc_norm')[];
  /** What the hub's card says of the licence. */
  readonly licence: string;
}

const common = {
  suite: 'GLUE',
  id: 'nyu-mll/glue',
  eval_split: 'validation',
  licence: 'other: each task keeps the licence of the data that it was made from',
} as const;
const pair = { text: 'sentence1', text_pair: 'sentence2', label: 'label' } as const;

export const glueTasks: readonly KnownDataset[] = [
  {
    ...{ ...common, task: 'cola', config: 'cola', title: 'CoLA', columns: { text: 'sentence', label: 'label' } },
    is: 'Is an English sentence grammatical?',
    classes: ['unacceptable', 'acceptable'],
    rows: { train: 8551, evaluation: 1043 },
    metrics: ['matthews_correlation'],
  },
  {
    ...{ ...common, task: 'sst2', config: 'sst2', title: 'SST-2', columns: { text: 'sentence', label: 'label' } },
    is: 'Does a phrase of a film review speak well of the film?',
    classes: ['negative', 'positive'],
    rows: { train: 67_349, evaluation: 872 },
    metrics: ['accuracy'],
  },
  {
    ...{ ...common, task: 'mrpc', config: 'mrpc', title: 'MRPC', columns: pair },
    is: 'Do two sentences from the news say the same?',
    classes: ['not_equivalent', 'equivalent'],
    rows: { train: 3668, evaluation: 408 },
    metrics: ['f1', 'accuracy'],
  },
  {
    ...{ ...common, task: 'stsb', config: 'stsb', title: 'STS-B', columns: pair },
    is: 'How alike are two sentences, from 0 to 5?',
    classes: [],
    rows: { train: 5749, evaluation: 1500 },
    metrics: ['pearson', 'spearmanr'],
  },
  {
    ...{ ...common, task: 'qqp', config: 'qqp', title: 'QQP', columns: { text: 'question1', text_pair: 'question2', label: 'label' } },
    is: 'Do two questions from Quora ask the same?',
    classes: ['not_duplicate', 'duplicate'],
    rows: { train: 363_846, evaluation: 40_430 },
    metrics: ['f1', 'accuracy'],
  },
  {
    ...{ ...common, task: 'mnli', config: 'mnli', title: 'MNLI', columns: { text: 'premise', text_pair: 'hypothesis', label: 'label' } },
    is: 'Does one sentence follow from another, contradict it, or neither?',
    classes: ['entailment', 'neutral', 'contradiction'],
    rows: { train: 392_702, evaluation: 9815 },
    eval_split: 'validation_matched',
    more_eval_splits: { mismatched: 'validation_mismatched' },
    metrics: ['accuracy'],
  },
  {
    ...{ ...common, task: 'qnli', config: 'qnli', title: 'QNLI', columns: { text: 'question', text_pair: 'sentence', label: 'label' } },
    is: 'Does a sentence of Wikipedia hold the answer to a question?',
    classes: ['entailment', 'not_entailment'],
    rows: { train: 104_743, evaluation: 5463 },
    metrics: ['accuracy'],
  },
  {
    ...{ ...common, task: 'rte', config: 'rte', title: 'RTE', columns: pair },
    is: 'Does a sentence follow from a short text?',
    classes: ['entailment', 'not_entailment'],
    rows: { train: 2490, evaluation: 277 },
    metrics: ['accuracy'],
  },
];

const questions = { suite: 'question answering', eval_split: 'validation', classes: [], metrics: ['acc', 'acc_norm'] } as const;
const arc = {
  ...questions,
  id: 'allenai/ai2_arc',
  columns: { text: 'question', choices: ['choices.text'], label: 'answerKey' },
  licence: 'cc-by-sa-4.0',
} as const;

/** The five sets of questions of the paper (Liao et al., 2023), under lm-evaluation-harness's names, in the repositories that it reads. */
export const questionTasks: readonly KnownDataset[] = [
  {
    ...{ ...questions, task: 'openbookqa', id: 'allenai/openbookqa', config: 'main', title: 'OpenBookQA' },
    is: 'Questions that need a fact of elementary science and common knowledge.',
    columns: { text: 'question_stem', choices: ['choices.text'], label: 'answerKey' },
    rows: { train: 4957, evaluation: 500 },
    licence: 'unknown',
  },
  {
    ...{ ...questions, task: 'piqa', id: 'baber/piqa', config: 'default', title: 'PIQA' },
    is: 'Which of two ways to do an everyday thing works?',
    columns: { text: 'goal', choices: ['sol1', 'sol2'], label: 'label' },
    rows: { train: 16_113, evaluation: 1838 },
    licence: 'none is named',
  },
  {
    ...{ ...arc, task: 'arc_easy', config: 'ARC-Easy', title: 'ARC-Easy' },
    is: 'Grade-school science questions, the easier part of ARC.',
    rows: { train: 2251, evaluation: 570 },
  },
  {
    ...{ ...arc, task: 'arc_challenge', config: 'ARC-Challenge', title: 'ARC-Challenge' },
    is: 'Grade-school science questions that looking words up gets wrong.',
    rows: { train: 1119, evaluation: 299 },
  },
  {
    ...{ ...questions, task: 'sciq', id: 'allenai/sciq', config: 'default', title: 'SciQ' },
    is: 'Questions of science exams, most with a paragraph that supports the answer.',
    columns: {
      ...{ text: 'support', text_pair: 'question', label: 'correct_answer' },
      choices: ['distractor1', 'distractor2', 'distractor3', 'correct_answer'],
    },
    rows: { train: 11_679, evaluation: 1000 },
    licence: 'cc-by-nc-3.0',
  },
];

export const knownDataset = (id: string, config: string): KnownDataset | undefined =>
  [...glueTasks, ...questionTasks].find((known) => known.id === id && known.config === config);

/** Names of splits to evaluate with while one is developing, the likeliest first. A test split is not among them: it is for the end. */
const evaluationSplits = ['validation', 'validation_matched', 'valid', 'dev', 'val'];

/** The split that evaluates what is trained on `train`; undefined where a part of the training split has to be held back. */
export const evaluationSplit = (splits: readonly string[], train = 'train'): string | undefined =>
  evaluationSplits.find((name) => name !== train && splits.includes(name));
