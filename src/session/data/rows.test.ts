// Which files are opened as what, and how often.

import { expect, test } from 'vitest';
import { nodeHost } from '../../../cli/host.ts';
import { classFolders } from '../../../test/small_pictures.ts';
import { zipOf } from '../../formats/zip.ts';
import { previewOf } from './rows.ts';

test('a table whose first column is called PK is no zip', async () => {
  const data = { kind: 'file', name: 'keys.csv', blob: new Blob(['PK,image,label\n1,a.png,cat\n2,b.png,dog\n']) } as const;
  await expect(previewOf(data, undefined, nodeHost(), 'image_classification')).rejects.toMatchObject({ code: 'no-image-column' });
});

test('a preview looks once into each file of a folder whose name does not say that it is a picture', async () => {
  let heads = 0;
  class Counted extends Blob {
    override slice(...range: Parameters<Blob['slice']>): Blob {
      heads++;
      return super.slice(...range);
    }
  }
  const files = classFolders(['home', 'work'], 8).map(({ path, blob }) => ({
    path: path.replace(/\.png$/, ''),
    blob: new Counted([blob]),
  }));
  const preview = await previewOf({ kind: 'pictures', name: 'shots', files }, undefined, nodeHost(), 'image_classification');
  expect(preview.pictures).toHaveLength(16);
  expect(heads).toBe(16);
  const zip = new Blob([await zipOf(classFolders(['home', 'work'], 8))]);
  const zipped = await previewOf({ kind: 'file', name: 'shots.zip', blob: zip }, undefined, nodeHost(), 'image_classification');
  expect(zipped.pictures).toHaveLength(16);
});
