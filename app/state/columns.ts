// Which column plays which part in a task. Pure. Invariant: a part is played by one column at most, but for the answers to choose among, which may stand in
// several; the right answer may be one of these.

import type { Learned, TaskCard } from '../../src/protocol/cards.ts';
import type { ColumnPart, Columns } from '../../src/protocol/config.ts';
import type { DataPreview } from '../../src/protocol/messages.ts';
import type { ColumnKind } from '../../src/protocol/reading.ts';

const roles = ['image', 'text', 'text_pair', 'choices', 'label', 'target'] as const satisfies readonly ColumnPart[];
export type Role = (typeof roles)[number];
type ReadTask = Pick<TaskCard, 'learns' | 'parts'>;

export interface Part {
  readonly role: Role;
  /** As a column's part is called. */
  readonly title: string;
}

const labelTitles: Readonly<Partial<Record<Learned, string>>> = { number: 'Number', choice: 'Right answer' };

function titleOf(role: Role, learns: Learned): string {
  if (role === 'label') return labelTitles[learns] ?? 'Label';
  if (role === 'text') return learns === 'text' ? 'Source' : 'Text';
  return { image: 'Picture', text_pair: 'Second text', choices: 'Answers', target: 'Target' }[role];
}

/** The parts that columns play in a task, in the order in which they are read. */
export const partsOf = ({ learns, parts: { needed, optional } }: ReadTask): readonly Part[] =>
  roles.filter((role) => needed.includes(role) || optional.includes(role)).map((role) => ({ role, title: titleOf(role, learns) }));

/** The columns that play a part. */
const holdersOf = (columns: Columns | undefined, role: Role): readonly string[] =>
  [columns?.[role] ?? []].flat().filter((column) => column !== '');

/** Where a column is both an answer and the right one, the latter. */
export const roleOf = (columns: Columns | undefined, column: string): Role | 'ignore' =>
  roles.toReversed().find((role) => holdersOf(columns, role).includes(column)) ?? 'ignore';

/** The columns after `column` has been given `role`; what it was before, and who had the role before, become ignored. Answers stand beside each other. */
export function withRole(columns: Columns | undefined, column: string, role: Role | 'ignore'): Columns {
  const entries = roles.flatMap((each) => {
    const others = holdersOf(columns, each).filter((holder) => holder !== column);
    const holders = each !== role ? others : each === 'choices' ? [...others, column] : [column];
    return holders.length === 0 ? [] : [[each, each === 'choices' ? holders : holders[0]] as const];
  });
  return Object.fromEntries(entries);
}

/** A column of objects or bytes plays no part, one of lists holds answers alone, one of pictures is the picture, and no other is. */
export function canPlay(kind: ColumnKind | undefined, role: Role): boolean {
  if (kind === 'image' || role === 'image') return kind === 'image' && role === 'image';
  return kind === 'list' ? role === 'choices' : kind !== 'object' && kind !== 'bytes';
}

/** The reasons of the guesses that still stand: those of columns whose part has not been changed since. */
export const guessesOf = (columns: Columns | undefined, { guess, reasons }: Pick<DataPreview, 'guess' | 'reasons'>) =>
  roles.flatMap((role) => {
    const [held, reason] = [holdersOf(guess, role), reasons[role]];
    const same = held.length > 0 && held.join('\n') === holdersOf(columns, role).join('\n');
    return same && reason !== undefined ? [{ role, columns: held, reason }] : [];
  });

/** Parts that must be played and are not. */
export const missingParts = (columns: Columns | undefined, task: ReadTask): readonly Part[] =>
  partsOf(task).filter(({ role }) => task.parts.needed.includes(role) && holdersOf(columns, role).length === 0);

/** `the text, the answers and the right answer` */
export const partsText = (some: readonly Part[]): string =>
  some
    .map(({ title }) => `the ${title.toLowerCase()}`)
    .join(', ')
    .replace(/, ([^,]*)$/, ' and $1');
