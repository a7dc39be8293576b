import { expect, test } from 'vitest';
import type { PictureFile } from '../../data/pictures/picture.ts';
import { PictureCache } from './cache.ts';

const pictureFile = (path: string): PictureFile => ({ path, size: 1, blob: async () => new Blob() });
const pixels = (length: number) => new Uint8Array(length);

test('what was not asked for longest goes where the bound is reached, and the bound is never passed', () => {
  const cache = new PictureCache(30);
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(pictureFile) as [PictureFile, PictureFile, PictureFile, PictureFile];
  cache.keep(a, pixels(10));
  cache.keep(b, pixels(10));
  cache.keep(c, pixels(10));
  expect(cache.get(a)?.length).toBe(10);
  cache.keep(d, pixels(15));
  expect([a, b, c, d].map((one) => cache.get(one) !== undefined)).toEqual([true, false, false, true]);
  expect(cache.bytes).toBe(25);
});

test('what is larger than the bound is not kept, and what is kept is counted once', () => {
  const cache = new PictureCache(30);
  const [a, b] = [pictureFile('a'), pictureFile('b')];
  cache.keep(a, pixels(31));
  cache.keep(b, pixels(20));
  cache.keep(b, pixels(20));
  expect(cache.get(a)).toBeUndefined();
  expect(cache.bytes).toBe(20);
});
