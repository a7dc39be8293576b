// The digits that come with the product, read as a run reads them.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bytesOf } from '../../formats/bytes.ts';
import { checkPictures, pictureRows } from '../checks/pictures.ts';
import { readTable } from '../table/sample.ts';
import { openPictures } from './folder.ts';
import { zipListing } from './zip.ts';

const part = async (name: 'train' | 'test') => {
  const zip = readFileSync(new URL(`../../../public/data/digits/${name}.zip`, import.meta.url));
  return readTable(await openPictures(await zipListing(bytesOf(`digits/${name}.zip`, new Uint8Array(zip)))));
};

test('1,437 digits to train on and 360 others to test with, a folder for each digit, nothing wrong with them', async () => {
  const [train, held] = [await part('train'), await part('test')];
  expect([train.rows.length, held.rows.length]).toEqual([1437, 360]);
  for (const { rows, notes } of [train, held]) {
    expect([...new Set(rows.map(([, label]) => label))]).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(notes).toBeUndefined();
  }
  expect(train.rows[0]).toEqual(['0/0000.png', '0']);
  const [rows, given] = [pictureRows(train, 'image', 'label'), pictureRows(held, 'image', 'label')];
  expect(await checkPictures(rows, { given })).toEqual([]);
});
