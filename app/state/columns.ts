// Which column plays which part. Pure. Invariant: a part is played by at most one column.

import type { Columns } from '../../src/protocol/config.ts';
import type { DataPreview } from '../../src/protocol/messages.ts';

export const roles = ['text', 'text_pair', 'label'] as const;
export type Role = (typeof roles)[number];

export const roleOf = (columns: Columns | undefined, column: string): Role | 'ignore' =>
  roles.find((role) => columns?.[role] === column) ?? 'ignore';

/** The columns after `column` has been given `role`; what it was before, and who had the role before, become ignored. */
export function withRole(columns: Columns | undefined, column: string, role: Role | 'ignore'): Columns {
  const entries = roles.flatMap((each) => {
    const holder = each === role ? column : columns?.[each];
    return holder === undefined || holder === '' || (each !== role && holder === column) ? [] : [[each, holder] as const];
  });
  return { text: '', label: '', ...Object.fromEntries(entries) };
}

/** The reasons of the guesses that still stand: those of columns whose part has not been changed since. */
export const guessesOf = (columns: Columns | undefined, { guess, reasons }: Pick<DataPreview, 'guess' | 'reasons'>) =>
  roles.flatMap((role) => {
    const [column, reason] = [guess[role], reasons[role]];
    return column !== undefined && reason !== undefined && columns?.[role] === column ? [{ role, column, reason }] : [];
  });

/** Parts that must be played and are not. */
export const missingRoles = (columns: Columns | undefined): Role[] =>
  (['text', 'label'] as const).filter((role) => (columns?.[role] ?? '') === '');
