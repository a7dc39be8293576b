// Where a batch is cut into parts and chunks. That any number of them gives the same bits is judged in test/policies.test.ts.

import { expect, test } from 'vitest';
import { Graph } from '../graph.ts';
import { Registry } from '../registry.ts';
import { partition, splitRows } from './parts.ts';

const g = new Graph(new Registry(), { trains: () => false, storedType: () => 'f32', training: false });
const x = (name: string, shape: readonly number[]) => g.input(name, shape, 'f32');

/** Rows of the chunks of x [B, T, C]. */
const chunksOf = (B: number, T: number, C: number, count: number): unknown[] =>
  splitRows(g, x(`x ${B} ${T} ${C}`, [B, T, C]), count).map(({ shape }) => shape[0]);

test('chunks end where blocks of 64 rows of an example end, and are about equally long', () => {
  expect(chunksOf(2, 128, 64, 2)).toEqual([128, 128]);
  expect(chunksOf(2, 128, 64, 3)).toEqual([64, 128, 64]);
  expect(chunksOf(2, 100, 64, 4)).toEqual([64, 36, 64, 36]);
  expect(chunksOf(3, 100, 64, 3)).toEqual([100, 100, 100]);
  expect(chunksOf(4, 8, 64, 2)).toEqual([16, 16]);
  expect(chunksOf(1, 32, 64, 4)).toEqual([32]);
});

test('chunks and parts begin where a binding may begin', () => {
  // Rows of 16 bytes: 16 of them are 256 bytes. Blocks of 64 and 8 rows end there at 64, at 144 and at 208.
  expect(chunksOf(3, 72, 4, 9)).toEqual([64, 80, 64, 8]);
  expect(partition([x('odd', [6, 24, 4])], 6)).toEqual([2, 2, 2]);
  expect(partition([x('even', [6, 16, 4])], 4)).toEqual([2, 1, 2, 1]);
});
