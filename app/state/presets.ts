// Tasks that have a name, such as GLUE's: which card of the tasks each belongs to, and which columns it takes from a table. Pure.

import type { TaskCard } from '../../src/protocol/cards.ts';
import type { Columns } from '../../src/protocol/config.ts';
import { glueTasks, type KnownDataset } from '../../src/protocol/hub_data.ts';
import type { DataPreview } from '../../src/protocol/messages.ts';

export const presetNamed = (config: string | undefined): KnownDataset | undefined => glueTasks.find((preset) => preset.config === config);

/** The task that learns what a preset answers with: classes, or a number. */
export const taskOfPreset = ({ classes }: Pick<KnownDataset, 'classes'>, tasks: readonly TaskCard[]): TaskCard | undefined =>
  tasks.find(({ target }) => target === (classes.length === 0 ? 'number' : 'class'));

/** The columns of the preset where the table has all of them, else those that were guessed. */
export function columnsOf(preset: string | undefined, { columns, guess }: Pick<DataPreview, 'columns' | 'guess'>): Columns {
  const wanted = presetNamed(preset)?.columns;
  return wanted !== undefined && Object.values(wanted).every((name) => name === undefined || columns.includes(name)) ? wanted : guess;
}
