// What a flag is, and rows of each kind. Knows no flag by name.

export interface FlagRow {
  /** What stands for the value in help texts; absent for switches. */
  readonly value?: string;
  readonly help: string;
  readonly kind: 'text' | 'number' | 'bytes' | 'choice' | 'list' | 'switch';
  readonly choices?: readonly string[];
  /** May be given several times. */
  readonly many?: true;
}

export const text = (value: string, help: string): FlagRow => ({ kind: 'text', value, help });
export const number = (help: string): FlagRow => ({ kind: 'number', value: 'NUMBER', help });
export const bytes = (help: string): FlagRow => ({ kind: 'bytes', value: 'SIZE', help });
export const choice = (choices: readonly string[], help: string): FlagRow => ({ kind: 'choice', value: choices.join('|'), choices, help });
export const list = (value: string, help: string): FlagRow => ({ kind: 'list', value, help });
export const flag = (help: string): FlagRow => ({ kind: 'switch', help });
