// Whether a task goes with a model, and what it reads of it. Not here: what a task is (src/tasks), whether weights are there (required_weights.ts).

import { modelThatSees, modelThatWrites } from '../../hub/known_models.ts';
import { type Backbone, topStack } from '../../models/model.ts';
import type { Inputs, TaskCard } from '../../protocol/cards.ts';
import type { Pooling } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import { taskCards, taskNamed, tasks } from '../../tasks/registry.ts';
import type { Task } from '../../tasks/task.ts';
import type { BaseModel } from './base_model.ts';

/** Whether a model writes with another stack than that which reads. */
export const hasDecoder = (backbone: Backbone): boolean => topStack(backbone).input_prefix !== '';

/** What a model reads. */
export const inputsOf = ({ config }: Pick<Backbone, 'config'>): Inputs => (config.image ? 'image' : 'text');

/** The task of this name; without one the first that a model with such inputs can learn. Error `unknown-task`. */
export const taskFor = (name: string | undefined, backbone: Pick<Backbone, 'config'>): Task => taskNamed(name, inputsOf(backbone));

/** Tokens of a row where people ask for so many: those of a picture are given. */
export const rowLength = ({ config }: Pick<Backbone, 'config'>, asked: number): number =>
  config.image ? config.max_position_embeddings : asked;

/** What a model that writes learns where nothing else is said: to go on with a text, or to answer it where it has a decoder for that. */
export const writtenTask = (backbone: Backbone) => (hasDecoder(backbone) ? 'sequence_to_sequence' : 'language_modelling');

/** How texts become one vector, for tasks that ask for it. Errors: those of a model's own pooling, where none is named. */
export const poolingFor = (
  { head }: Pick<Task, 'head'>,
  asked: Pooling | undefined,
  model: Pick<BaseModel, 'pooling'>,
): Pooling | undefined => (head === 'words' ? undefined : (asked ?? model.pooling));

/** Why a task can't be learned by a model, or undefined where it can. */
function reasonAgainst({ head, needs, inputs }: Task, backbone: Backbone): string | undefined {
  const kind = `a model of type '${backbone.config.model_type}'`;
  if (inputs !== inputsOf(backbone))
    return inputs === 'image' ? `it is of pictures, and ${kind} reads texts` : `it is of texts, and ${kind} looks at pictures`;
  if (head === 'words' && !backbone.vocabulary) return `it needs a model that writes, and ${kind} only reads`;
  if (head !== 'words' && Object.keys(backbone.poolings).length === 0)
    return `it asks for a vector of each text, and ${kind} has no head that reads one`;
  if (needs === 'one stack' && hasDecoder(backbone)) return `it goes on with texts, and ${kind} writes new ones for those that it reads`;
  return undefined;
}

/** Cards of all tasks, with the reason where this model can't learn one, and a model that can. */
export const taskCardsFor = (backbone: Backbone): TaskCard[] =>
  taskCards().map((card, i) => {
    const refusal = tasks[i] && reasonAgainst(tasks[i], backbone);
    return refusal === undefined ? card : { ...card, refusal, instead: card.inputs === 'image' ? modelThatSees : modelThatWrites };
  });

/** Error `task-refused`, with the task that would do. */
export function requireTask(task: Task, backbone: Backbone): void {
  const reason = reasonAgainst(task, backbone);
  if (reason === undefined) return;
  const does = (name: string | undefined) => tasks.find((row) => row.name === name && reasonAgainst(row, backbone) === undefined);
  const other = does(task.instead) ?? (task.needs === undefined ? undefined : does('sequence_to_sequence'));
  throw new RetraceError({
    code: 'task-refused',
    message: `The task ${task.name} can't be learned by this model: ${reason}.`,
    where: 'task',
    remedy: `${other === undefined ? '' : `Choose the task ${other.name}, or `}${other === undefined ? 'Choose' : 'choose'} another model${task.head === 'words' ? ', such as a GPT-2 or an OPT' : ''}.`,
  });
}
