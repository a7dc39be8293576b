// Which tasks there are: a line each. The first is what a run learns where nothing else is said.

import type { Inputs, TaskCard } from '../protocol/cards.ts';
import { RetraceError } from '../protocol/errors.ts';
import { classification } from './classification.ts';
import { glueTasks } from './glue.ts';
import { imageClassification } from './image_classification.ts';
import { languageModelling } from './language_modelling.ts';
import { multipleChoice } from './multiple_choice.ts';
import { questionAnswering } from './question_answering.ts';
import { questionSets } from './question_sets.ts';
import { regression } from './regression.ts';
import { sequenceToSequence } from './sequence_to_sequence.ts';
import type { Task } from './task.ts';

export const tasks: readonly [Task, ...Task[]] = [
  ...([classification, regression, multipleChoice, questionAnswering, languageModelling, sequenceToSequence, imageClassification] as const),
  ...glueTasks,
  ...questionSets(questionAnswering),
];

export const taskNames: readonly string[] = tasks.map(({ name }) => name);

/** The task's row; without a name the first of those whose models read such `inputs`. Error: `unknown-task`, naming those that exist. */
export function taskNamed(name: string | undefined, inputs: Inputs = 'text'): Task {
  const task = tasks.find((row) => (name === undefined ? row.inputs === inputs : row.name === name));
  if (task !== undefined) return task;
  throw new RetraceError({
    code: 'unknown-task',
    message: `There is no task "${name}".`,
    where: 'task',
    remedy: `Choose one of: ${taskNames.join(', ')}.`,
  });
}

/** What an exported adapter learned: the task that it names, where it is known here, else the first of its kind. One output is a number. */
export function taskOf({ task, problem_type, num_labels }: ExportedTask, inputs: Inputs = 'text'): Task {
  const named = tasks.find(({ name }) => name === task);
  if (named && named.head !== 'sequence') return named;
  const kind = problem_type ?? (num_labels === 1 ? 'regression' : 'single_label_classification');
  const ofKind = tasks.filter((row) => row.problem_type === kind && row.inputs === inputs);
  return ofKind.find(({ name }) => name === task) ?? ofKind[0] ?? taskNamed(undefined, inputs);
}

interface ExportedTask {
  readonly task?: string | undefined;
  readonly problem_type?: Task['problem_type'] | undefined;
  readonly num_labels: number;
}

/** Cards of all tasks, for the page and for help texts. */
export const taskCards = (): TaskCard[] =>
  tasks.map(({ name, title, summary, inputs, learns, head, parts, metrics, metric_for_best_model, dataset }) => ({
    ...{ name, title, summary, inputs, learns, head, parts, metrics, metric_for_best_model },
    ...(dataset ? { dataset } : {}),
  }));
