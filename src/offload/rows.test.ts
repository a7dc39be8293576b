import { expect, test } from 'vitest';
import { fileRows, type RowFile } from './rows.ts';

/** A file on a disk that goes wrong as `how` does. */
const fileThat = (how: Partial<RowFile>): RowFile => ({
  read: (into) => into.length,
  write: (from) => from.length,
  truncate: () => undefined,
  close: () => undefined,
  ...how,
});
const full = (): never => {
  throw new Error('ENOSPC: no space left on device, write');
};

test.each([
  ['fewer bytes than were given', { write: () => 5 }, "5 of 16 bytes of an adapter's rows could be written."],
  ['an error', { write: full }, "16 bytes of an adapter's rows could not be written: ENOSPC"],
  ['a file that was cut', { read: () => 0 }, "0 of 16 bytes of an adapter's rows could be read."],
])('rows that a disk does not keep are an error with the byte and what to do: %s', (_, how, says) => {
  const rows = fileRows(8, 4, fileThat(how));
  const use = () => ('write' in how ? rows.write(3, 0, new Float32Array(4)) : rows.read(3, 0, new Float32Array(4)));
  expect(use).toThrow(says);
  expect(use).toThrow(expect.objectContaining({ where: 'byte 48 of 128', remedy: expect.stringContaining('Free disk space') }));
});

test('rows that do not fit on the disk at all are refused when they are made', () => {
  expect(() => fileRows(8, 4, fileThat({ truncate: full }))).toThrow("There is no room for 128 bytes of an adapter's rows: ENOSPC");
});
