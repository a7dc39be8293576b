// The files that say how an exported adapter was trained, for tools that read such files. Not needed to load it.

import type { ArchiveFile } from '../zip.ts';
import { historyCsv } from './history_csv.ts';
import type { RunRecord } from './log_history.ts';
import { tensorboardEvents } from './tensorboard.ts';
import { trainerState } from './trainer_state.ts';

/** TensorBoard finds a file by this part of its name. */
const eventsFile = (ended_at: number): string => `events.out.tfevents.${Math.floor(ended_at / 1000)}.retrace`;

export const isRunRecord = (path: string): boolean =>
  path === 'trainer_state.json' || path === 'history.csv' || /^events\.out\.tfevents\.\d+\.retrace$/.test(path);

export const runRecords = (run: RunRecord): ArchiveFile[] => [
  { path: 'trainer_state.json', bytes: trainerState(run) },
  { path: eventsFile(run.ended_at), bytes: tensorboardEvents(run) },
  { path: 'history.csv', bytes: historyCsv(run) },
];
