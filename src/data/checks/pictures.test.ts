import { expect, test } from 'vitest';
import type { PictureFile } from '../pictures/picture.ts';
import type { Table } from '../table/table.ts';
import { checkPictures, pictureRows } from './pictures.ts';
import { samePictures } from './same_pictures.ts';

const file = (path: string, bytes: string): PictureFile => ({ path, size: bytes.length, blob: async () => new Blob([bytes]) });

/** Rows of path, label and bytes: pictures that differ where nothing is said of them. */
function set(rows: readonly (readonly [path: string, label: string, bytes?: string])[], name = 'zoo') {
  const table: Table = {
    ...{ name, columns: ['image', 'label'], header: true },
    rows: rows.map(([path, label]) => [path, label]),
    rowNumbers: rows.map((_, i) => i + 1),
    pictures: new Map(rows.map(([path, , bytes = path]) => [path, file(path, bytes)])),
  };
  return pictureRows(table, 'image', 'label');
}

/** Six of each of two classes, nothing wrong with them. */
const sound = (prefix = ''): (readonly [string, string, string?])[] =>
  ['cat', 'dog'].flatMap((label) => Array.from({ length: 6 }, (_, i) => [`${prefix}${label}/${i}.png`, label] as const));

test('nothing is said of what is sound', async () => {
  expect(await checkPictures(set(sound()))).toEqual([]);
  expect(await checkPictures(set(sound()), { given: set(sound('test/'), 'more') })).toEqual([]);
  expect(await checkPictures(set(sound()), { held: new Set([0, 7]) })).toEqual([]);
});

test('the same picture again, and with another label', async () => {
  const again = set([...sound(), ['cat/copy.png', 'cat', 'cat/2.png'], ['dog/odd.png', 'dog', 'cat/1.png']]);
  expect(await checkPictures(again)).toEqual([
    {
      code: 'labels-contradict',
      message:
        '1 picture of zoo stands there more than once, byte for byte, with different labels: cat/1.png is "cat", and dog/odd.png is "dog".',
      remedy: expect.stringContaining('no model can be right'),
      rows: [{ file: 'zoo', count: 2, first: [2, 14] }],
    },
    {
      code: 'pictures-repeated',
      message: '2 pictures of zoo are the same as one before, byte for byte: cat/copy.png is cat/2.png and dog/odd.png is cat/1.png.',
      remedy: expect.any(String),
      rows: [{ file: 'zoo', count: 2, first: [13, 14] }],
    },
  ]);
});

test('pictures that are trained on and evaluated with: of another set, or held back', async () => {
  const given = set([...sound('test/'), ['test/a.png', 'cat', 'cat/0.png'], ['test/b.png', 'dog', 'dog/5.png']], 'more');
  const [warning] = await checkPictures(set(sound()), { given });
  expect(warning).toEqual({
    code: 'pictures-in-both',
    message:
      '2 of the 14 pictures of more to evaluate with are trained on too, byte for byte: test/a.png is cat/0.png and test/b.png is dog/5.png. The scores will look better than they are.',
    remedy: 'Remove these pictures from one of the two sets.',
    rows: [
      { file: 'more', count: 2, first: [13, 14] },
      { file: 'zoo', count: 2, first: [1, 12] },
    ],
  });
  const twice = set([...sound(), ['cat/copy.png', 'cat', 'cat/2.png']]);
  // Either of the two is held back, the one before or the one behind.
  for (const [held, said] of [
    [2, 'cat/2.png is cat/copy.png'],
    [12, 'cat/copy.png is cat/2.png'],
  ] as const) {
    const [first] = await checkPictures(twice, { held: new Set([held]) });
    expect(first?.code).toBe('pictures-in-both');
    expect(first?.message).toContain(
      `1 of the 1 picture that are held back from zoo to evaluate with is trained on too, byte for byte: ${said}.`,
    );
  }
  expect((await checkPictures(twice, { held: new Set([2, 12]) })).map(({ code }) => code)).toEqual(['pictures-repeated']);
});

test('classes of fewer than five pictures, and one that has nearly all', async () => {
  const few = set([...sound(), ['fox/1.png', 'fox'], ['fox/2.png', 'fox'], ['bird/1.png', 'bird']]);
  expect(await checkPictures(few)).toMatchObject([
    {
      code: 'classes-of-few-pictures',
      message: expect.stringMatching(/^2 classes of zoo have fewer than 5 pictures: "fox" \(2\) and "bird" \(1\)\./),
      rows: [{ count: 3, first: [13, 14, 15] }],
    },
  ]);
  const many = Array.from({ length: 190 }, (_, i) => [`cat/x${i}.png`, 'cat'] as const);
  expect(await checkPictures(set([...sound(), ...many]))).toMatchObject([
    {
      code: 'classes-unbalanced',
      message: '"cat" has 196 of the 202 pictures of zoo (97.0 %), "dog" 6. A model that always says "cat" is right that often.',
    },
  ]);
});

test('pictures of a size of their own are not read, and no more than four are read at a time', async () => {
  let [reading, most, read] = [0, 0, 0];
  const counted = (path: string, bytes: string): PictureFile => ({
    path,
    size: bytes.length,
    async blob() {
      reading++;
      read++;
      most = Math.max(most, reading);
      await new Promise((resolve) => setTimeout(resolve, 1));
      reading--;
      return new Blob([bytes]);
    },
  });
  const told: string[] = [];
  const pictures = [...Array.from({ length: 10 }, (_, i) => counted(`${i}`, `same${i % 5}`)), counted('a', 'a'), counted('b', 'bb')];
  const first = await samePictures(pictures, { onProgress: (done, of) => told.push(`${done}/${of}`) });
  expect([...first]).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 10, 11]);
  expect([read, most]).toEqual([10, 4]);
  expect(told).toEqual(['4/10', '8/10', '10/10']);
  await expect(samePictures(pictures, { signal: AbortSignal.abort('stopped') })).rejects.toBe('stopped');
});
