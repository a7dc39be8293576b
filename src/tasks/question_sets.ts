// The five sets of questions of the paper (Liao et al., 2023) by name: their columns on the hub and in their authors' own files, and the context that the
// model reads before an answer. Contexts are those of lm-evaluation-harness, whose `acc` and `acc_norm` are to be equalled. Facts stand in
// src/protocol/hub_data.ts. Invariant: the answers of a question stand in the same order whichever file they are read from.

import { toChoiceExamples } from '../data/choices.ts';
import { unlabelledLayout, usualColumns } from '../data/columns/usual.ts';
import type { ColumnChoice, Dataset, Unlabelled } from '../data/examples.ts';
import type { Table } from '../data/table/table.ts';
import type { Columns } from '../protocol/config.ts';
import { questionTasks as facts } from '../protocol/hub_data.ts';
import type { Task } from './task.ts';

/** The context of a question, and of the passage before it; '' where there is none. */
export type Template = (question: string, passage: string) => string;

/** `Question: ...` over `Answer:`, below the passage where there is one. */
export const questionAndAnswer: Template = (question, passage) =>
  `${passage === '' ? '' : `${passage.trimStart()}\n`}Question: ${question}\nAnswer:`;

/** A question, or a passage and a question, as the context that the model reads. */
export const inContextOf =
  (template: Template) =>
  ({ text, textPair, ...asked }: Unlabelled): Unlabelled => ({
    ...asked,
    text: textPair === undefined ? template(text, '') : template(textPair, text),
  });

/** Questions with their contexts as texts. Errors: those of `toChoiceExamples`. */
export const withContexts =
  (template: Template) =>
  (table: Table, choice: ColumnChoice): Dataset => {
    const { labels, examples } = toChoiceExamples(table, choice);
    const inContext = inContextOf(template);
    return { labels, examples: examples.map(({ label, ...asked }) => ({ ...inContext(asked), label })) };
  };

/** The paper's code has PIQA's question and `Answer:` on one line; all else is the same there and in the harness. */
const templates: Readonly<Record<string, Template>> = {
  // Their stems are beginnings of sentences as often as questions.
  openbookqa: (stem, passage) => `${passage === '' ? '' : `${passage}\n`}${stem}`,
  // A question without support has an empty first line.
  sciq: (question, support) => `${support.trimStart()}\nQuestion: ${question}\nAnswer:`,
};

/** Columns of the authors' own files, where they are not called as on the hub. PIQA's label stands in a file of its own. */
const own: Columns = { text: 'question.stem', choices: ['question.choices'], label: 'answerKey' };
const ownColumns: Readonly<Record<string, Columns>> = { openbookqa: own, arc_easy: own, arc_challenge: own };

/** The sets as rows of a task that learns to answer questions. */
export const questionSets = (base: Task): readonly Task[] =>
  facts.map((known) => ({
    ...base,
    name: known.task,
    title: known.title,
    summary: known.is,
    dataset: known,
    columnsOf: (table, named) =>
      usualColumns(table, known.title, [known.columns, ownColumns[known.task]], named) ?? base.columnsOf(table, named),
    unlabelled: {
      ...base.unlabelled,
      columnsOf: (table, named) =>
        usualColumns(table, known.title, [known.columns, ownColumns[known.task]].map(unlabelledLayout), named) ??
        base.unlabelled.columnsOf(table, named),
    },
    examplesOf: withContexts(templates[known.task] ?? questionAndAnswer),
    inContext: inContextOf(templates[known.task] ?? questionAndAnswer),
  }));
