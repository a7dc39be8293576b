// Where commands write: train's --out, and files such as pictures. Says before the work begins whether the place will take it.
// Invariant: nothing that is there is removed before the run that takes its place is known to be sound.

import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { RetraceError } from '../src/protocol/errors.ts';
import { type Given, usage } from './flags.ts';
import { type RunRecord, readRecord } from './run_folder.ts';

export const checkpointFolder = (out: string): string => join(out, 'checkpoint');

const notWritable = (path: string, flag: string, what: string): RetraceError =>
  new RetraceError({
    code: 'not-writable',
    message: `'${path}' can't be written: ${what}.`,
    where: flag,
    remedy: 'Choose another place, or allow writing there.',
  });

/** Error `not-writable` where the folder can't be made or written into: what stands in its way is a file, or closed to us. */
function requireFolder(folder: string, { path, flag }: { readonly path: string; readonly flag: string }): void {
  let standing = resolve(folder);
  while (!existsSync(standing)) standing = dirname(standing);
  if (!statSync(standing).isDirectory()) throw notWritable(path, flag, `'${standing}' is a file, not a folder`);
  try {
    accessSync(standing, constants.W_OK);
  } catch {
    throw notWritable(path, flag, `the folder '${standing}' is closed to writing`);
  }
}

/** For a file that is written once the work is done. Error: `not-writable`. */
export function requireWritableFile(path: string, flag: string): void {
  const folder = dirname(resolve(path));
  if (!existsSync(folder)) throw notWritable(path, flag, `there is no folder '${folder}'`);
  if (existsSync(path) && statSync(path).isDirectory()) throw notWritable(path, flag, 'it is a folder');
  requireFolder(folder, { path, flag });
}

/** For what is written once the work is done: a folder that is not there, is empty, or may be written over. Errors: `not-writable`, `out-not-empty`. */
export function requireEmpty(out: string, given: Given): void {
  requireFolder(out, { path: out, flag: '--out' });
  const holds = existsSync(out) ? readdirSync(out) : [];
  if (holds.length === 0 || given['overwrite'] === true) return;
  throw new RetraceError({
    code: 'out-not-empty',
    message: `The folder '${out}' holds ${holds.slice(0, 4).join(', ')}.`,
    where: '--out',
    remedy: 'Choose another folder, or use it all the same by --overwrite.',
  });
}

/** The run in the folder, where it is to be resumed; undefined, where the folder is to take a new one. Removes nothing. */
export async function openOut(out: string, given: Given): Promise<RunRecord | undefined> {
  if (given['resume'] === true && given['overwrite'] === true)
    throw usage('--resume goes on with the run that --overwrite would remove.', 'Give one of them.', '--overwrite');
  requireFolder(out, { path: out, flag: '--out' });
  if (given['resume'] === true) {
    const record = await readRecord(checkpointFolder(out));
    if (record) return record;
    throw new RetraceError({
      code: 'nothing-to-resume',
      message: `There is no checkpoint in '${out}'.`,
      where: '--out',
      remedy: 'Give the folder of a run that was paused or interrupted, or start one without --resume.',
    });
  }
  const holds = existsSync(out) ? readdirSync(out) : [];
  if (holds.length > 0 && given['overwrite'] !== true) {
    const record = await readRecord(checkpointFolder(out));
    const unfinished =
      record && !record.summary.finished ? `an unfinished run (step ${record.summary.step} of ${record.summary.max_steps})` : undefined;
    throw new RetraceError({
      code: 'out-not-empty',
      message: `The folder '${out}' holds ${unfinished ?? holds.slice(0, 4).join(', ')}.`,
      where: '--out',
      remedy: `${record ? 'Go on with its run by --resume, choose' : 'Choose'} another folder, or use it all the same by --overwrite.`,
    });
  }
  return undefined;
}
