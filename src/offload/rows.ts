// Where the numbers of an adapter that lives off the GPU are kept: one record of equal width for each neuron, read and written by row, in memory or
// in a file. Not here: what a record means (sparse_adapter.ts).
// Invariant: both kinds give back the bits that were written, so a run does not depend on where its rows are.

import { RetraceError } from '../protocol/errors.ts';

/** f32 where a run trains; f64 where a reference checks it. */
export type Floats = Float32Array | Float64Array;

export interface RowStore {
  readonly rows: number;
  /** Numbers in a record. */
  readonly width: number;
  readonly bytes: number;
  readonly place: 'memory' | 'disk';
  /** Fills `into` with the numbers of `row` from `begin` on. */
  read(row: number, begin: number, into: Floats): void;
  write(row: number, begin: number, from: Floats): void;
  close(): void;
}

/** A file that is read and written at byte offsets, at once: OPFS' sync access handle, or a file descriptor in Node. */
export interface RowFile {
  read(into: Uint8Array, options: { at: number }): number;
  write(from: Uint8Array, options: { at: number }): number;
  truncate(bytes: number): void;
  close(): void;
}

/** Shared between threads where the page is cross-origin isolated, else on the plain heap. */
export function hostFloats(count: number): Float32Array {
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
  return isolated && typeof SharedArrayBuffer === 'function' ? new Float32Array(new SharedArrayBuffer(4 * count)) : new Float32Array(count);
}

/** A full disk shows as fewer bytes in one place and as an error in another. */
function attempt(work: () => number): number | Error {
  try {
    return work();
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
}

/** Rows [rows, width] in one array, zeros at first. */
export function memoryRows(rows: number, width: number, numbers: Floats = hostFloats(rows * width)): RowStore {
  return {
    rows,
    width,
    bytes: numbers.byteLength,
    place: 'memory',
    read(row, begin, into) {
      const at = row * width + begin;
      into.set(numbers.subarray(at, at + into.length));
    },
    write: (row, begin, from) => numbers.set(from, row * width + begin),
    close: () => undefined,
  };
}

/** Rows [rows, width] of f32 in a file of their own, zeros at first. Errors: `rows-not-stored` where the disk is full or the file is cut. */
export function fileRows(rows: number, width: number, file: RowFile): RowStore {
  const bytes = 4 * rows * width;
  const held = new Float32Array(width);
  const whole = new Uint8Array(held.buffer);
  const failed = (what: string, done: number | Error, wanted: number, at: number): RetraceError =>
    new RetraceError({
      code: 'rows-not-stored',
      message:
        done instanceof Error
          ? `${wanted} bytes of an adapter's rows could not be ${what}: ${done.message}.`
          : `${done} of ${wanted} bytes of an adapter's rows could be ${what}.`,
      where: `byte ${at} of ${bytes}`,
      remedy: 'Free disk space, or use a smaller adapter_size.',
    });
  try {
    file.truncate(bytes);
  } catch (error) {
    throw new RetraceError({
      code: 'rows-not-stored',
      message: `There is no room for ${bytes} bytes of an adapter's rows: ${error instanceof Error ? error.message : String(error)}.`,
      where: 'adapter rows on disk',
      remedy: 'Free disk space, or use a smaller adapter_size.',
    });
  }
  return {
    rows,
    width,
    bytes,
    place: 'disk',
    read(row, begin, into) {
      const at = 4 * (row * width + begin);
      const view = whole.subarray(0, 4 * into.length);
      const done = attempt(() => file.read(view, { at }));
      if (done !== view.length) throw failed('read', done, view.length, at);
      into.set(held.subarray(0, into.length));
    },
    write(row, begin, from) {
      const at = 4 * (row * width + begin);
      held.set(from);
      const done = attempt(() => file.write(whole.subarray(0, 4 * from.length), { at }));
      if (done !== 4 * from.length) throw failed('written', done, 4 * from.length, at);
    },
    close: () => file.close(),
  };
}
