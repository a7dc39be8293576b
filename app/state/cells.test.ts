import { expect, test } from 'vitest';
import type { Catalogue } from '../../src/protocol/cards.ts';
import { methodCards } from '../../src/session/models/method_cards.ts';
import { cellsOf, keyOf } from './cells.ts';
import { firstRun } from './settings.ts';

const catalogue: Catalogue = { methods: methodCards(), models: [], data: [], tasks: [] };
const cells = cellsOf(firstRun, catalogue, undefined);

test('the matrix holds every policy that a method does not refuse, once, at the chosen batch and length', () => {
  const wanted = catalogue.methods.reduce(
    (sum, { refusals }) => sum + Object.values(refusals).filter((reason) => reason === null).length,
    0,
  );
  expect(new Set(cells.map(keyOf)).size).toBe(wanted);
  expect(new Set(cells.map(({ request }) => `${request.batch_size} ${request.length} ${request.buckets}`))).toEqual(
    new Set(['16 64 undefined']),
  );
});
