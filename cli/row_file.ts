// A file of an adapter's rows in Node: without a name from the start, so that it is gone when the process is.

import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RowFile } from '../src/offload/rows.ts';
import { RetraceError } from '../src/protocol/errors.ts';

function openNameless(): number {
  try {
    const folder = mkdtempSync(join(tmpdir(), 'retrace-rows-'));
    const descriptor = openSync(join(folder, 'rows'), 'w+');
    rmSync(folder, { recursive: true });
    return descriptor;
  } catch (thrown) {
    throw new RetraceError({
      code: 'rows-not-stored',
      message: `No file could be made for an adapter's rows: ${thrown instanceof Error ? thrown.message : String(thrown)}.`,
      where: tmpdir(),
      remedy: 'Make room there, let TMPDIR name another folder, or use a smaller adapter_size.',
    });
  }
}

export function temporaryRowFile(): RowFile {
  const descriptor = openNameless();
  return {
    read: (into, { at }) => readSync(descriptor, into, 0, into.length, at),
    write: (from, { at }) => writeSync(descriptor, from, 0, from.length, at),
    truncate: (bytes) => ftruncateSync(descriptor, bytes),
    close: () => closeSync(descriptor),
  };
}
