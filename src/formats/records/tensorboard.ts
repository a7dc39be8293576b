// A TensorBoard events file of a run's scalars: records of TFRecord, each an Event message of protocol buffers. Tags are those of Trainer's callback.
//
//   record   u64 length | u32 masked CRC-32C of the length | data | u32 masked CRC-32C of the data     (little-endian)
//   Event    1: wall_time (double), 2: step (int64), 3: file_version (the first record only), 5: Summary
//   Summary  1: Value { 1: tag, 2: simple_value (float) }, one a scalar

import { type LogRow, logHistory, type RunRecord } from './log_history.ts';

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C (Castagnoli). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number);
  return ~crc >>> 0;
}

const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

function record(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16 + data.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(crc32c(bytes.subarray(0, 8))), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, masked(crc32c(data)), true);
  return bytes;
}

/** A whole number as protocol buffers write it: seven bits a byte, the lowest first. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

const delimited = (field: number, bytes: readonly number[]): number[] => [field * 8 + 2, ...varint(bytes.length), ...bytes];
const text = (field: number, value: string): number[] => delimited(field, [...new TextEncoder().encode(value)]);
const double = (field: number, value: number): number[] => [field * 8 + 1, ...new Uint8Array(Float64Array.of(value).buffer)];
const float = (field: number, value: number): number[] => [field * 8 + 5, ...new Uint8Array(Float32Array.of(value).buffer)];

/** Trainer's names as its TensorBoard callback groups them. */
export const tagOf = (name: string): string => (name.startsWith('eval_') ? `eval/${name.slice('eval_'.length)}` : `train/${name}`);

function eventOf({ values, step, epoch }: LogRow, wall_time: number): Uint8Array {
  const scalars = Object.entries({ ...values, epoch }).filter(([, value]) => Number.isFinite(value));
  const summary = scalars.flatMap(([name, value]) => delimited(1, [...text(1, tagOf(name)), ...float(2, value)]));
  return Uint8Array.from([...double(1, wall_time), 2 * 8, ...varint(step), ...delimited(5, summary)]);
}

export function tensorboardEvents(run: RunRecord): Uint8Array {
  const rows = logHistory(run);
  const began = run.ended_at / 1000 - (rows.at(-1)?.seconds ?? 0);
  const version = Uint8Array.from([...double(1, began), ...text(3, 'brain.Event:2')]);
  const records = [version, ...rows.map((row) => eventOf(row, began + row.seconds))].map(record);
  const bytes = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const one of records) {
    bytes.set(one, at);
    at += one.length;
  }
  return bytes;
}
