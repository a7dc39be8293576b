// Folders and zips of pictures as tables: as the `datasets` library reads the same trees, and where it is a trap, otherwise.

import { readFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { bytesOf } from '../../formats/bytes.ts';
import { readTable } from '../table/sample.ts';
import { firstPictures } from './first.ts';
import { openPictures, type PictureSetOptions, partsOf } from './folder.ts';
import { fileListing, type PictureListing } from './listing.ts';
import { filesOf, pngOf } from './testing.ts';
import { zipListing } from './zip.ts';

type Tree = Parameters<typeof filesOf>[0];
const listing = (tree: Tree): PictureListing => fileListing(filesOf(tree), 'zoo');
const tableOf = async (set: PictureListing, options?: PictureSetOptions) => readTable(await openPictures(set, options));
/** Rows, and what is said of them. */
const read = async (tree: Tree, options?: PictureSetOptions) => {
  const { rows, notes = [] } = await tableOf(listing(tree), options);
  return { rows, notes };
};

interface Recorded {
  readonly files: Readonly<Record<string, string>>;
  readonly splits: Readonly<Record<string, { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] }>>;
}
const { trees } = JSON.parse(readFileSync(new URL('vectors/layouts.json', import.meta.url), 'utf8')) as {
  readonly trees: Readonly<Record<string, Recorded>>;
};
/** There the library takes the parts for classes, in the last part alone. */
const traps = ['no classes in parts'];

/** As the library has paths, which keeps the folders round a set. */
const below = (cell: string, files: Recorded['files']): string =>
  Object.keys(files).find((path) => path === cell || path.endsWith(`/${cell}`)) ?? cell;

test.each(Object.entries(trees).filter(([name]) => !traps.includes(name)))(
  'as the datasets library reads it: %s',
  async (_, { files, splits }) => {
    const set = listing(files);
    expect(partsOf(set)).toEqual(Object.keys(splits));
    for (const [part, { columns, rows }] of Object.entries(splits)) {
      const table = await tableOf(set, { part });
      const isPath = columns.map((name) => name === 'image' || name === 'mask');
      const paths = table.rows.map((cells) => cells.map((cell, at) => (isPath[at] ? below(cell, files) : cell)));
      expect({ columns: table.columns, rows: paths }).toEqual({ columns, rows });
      expect(table.notes).toBeUndefined();
      for (const cells of table.rows) {
        const [cell = ''] = cells;
        const file = table.pictures?.get(cell);
        expect(await (await file?.blob())?.text()).toBe(await pngOf(below(cell, files)).text());
      }
    }
  },
);

test('parts without classes are parts, though the library takes their names for classes', async () => {
  const set = listing(trees['no classes in parts']?.files ?? {});
  expect(partsOf(set)).toEqual(['train', 'test']);
  expect((await tableOf(set, { part: 'test' })).rows).toEqual([['test/2.png']]);
});

test('the columns are pictures and texts, and it is said of what', async () => {
  const source = await openPictures(listing(['train/cat/1.png', 'train/dog/2.png', 'train/dog/3.png']));
  expect(source.columns.map(({ name, kind, is }) => [name, kind, is])).toEqual([
    ['image', 'image', 'pictures'],
    ['label', 'text', 'classes (cat, dog)'],
  ]);
  expect(source).toMatchObject({ rowCount: 3, reading: { said: '3 pictures in folders of 2 classes' } });
  const [cells] = (await readTable(source, { columns: [1], maxRows: 1 })).rows;
  expect(cells).toHaveLength(1);
});

test('a class may be called as a part is, beside classes that are not', async () => {
  expect(partsOf(listing(['bus/1.png', 'car/1.png', 'train/1.png']))).toEqual(['train']);
  const { rows } = await read(['bus/1.png', 'car/1.png', 'train/1.png']);
  expect(rows.map(([, label]) => label)).toEqual(['bus', 'car', 'train']);
  // Below a part the library takes such a class for the part once more.
  const set = listing(['train/bus/1.png', 'train/train/1.png', 'test/bus/2.png', 'test/train/2.png']);
  expect(partsOf(set)).toEqual(['train', 'test']);
  expect((await tableOf(set, { part: 'test' })).rows).toEqual([
    ['test/bus/2.png', 'bus'],
    ['test/train/2.png', 'train'],
  ]);
});

test('the folder that was chosen, and folders round everything, mean nothing', async () => {
  expect((await read(['pets/cat/1.png', 'pets/dog/1.png'])).rows[0]).toEqual(['cat/1.png', 'cat']);
  expect((await read(['a/images/cat/1.png', 'a/images/dog/1.png', 'a/README.md'])).rows[0]).toEqual(['cat/1.png', 'cat']);
  expect((await read(['holiday/1.png', 'holiday/2.png'])).rows).toEqual([['1.png'], ['2.png']]);
  expect(partsOf(listing(['test/cat/1.png', 'test/dog/1.png']))).toEqual(['test']);
});

test('files of one part by several words are one part; folders beside the parts are named', async () => {
  const { rows, notes } = await read(['train/a/1.png', 'train/b/1.png', 'val/a/2.png', 'valid/b/2.png', 'extra/3.png'], {
    part: 'validation',
  });
  expect(rows).toEqual([
    ['val/a/2.png', 'a'],
    ['valid/b/2.png', 'b'],
  ]);
  expect(notes).toEqual(['1 folder of zoo is none of its parts (train and validation) and is passed over: extra.']);
});

test('what hides is passed over in silence; what is no picture by its name or its first bytes is counted and named', async () => {
  const hidden = ['.DS_Store', 'cat/.DS_Store', 'cat/Thumbs.db', '__MACOSX/cat/._1.png', 'dog/desktop.ini', '.git/x.png', 'README.md'];
  const set = { ...Object.fromEntries(hidden.map((path) => [path, 'x'])), 'cat/1.png': '', 'dog/1.png': '', 'dog/2': '' };
  expect(await read(set)).toEqual({
    rows: [
      ['cat/1.png', 'cat'],
      ['dog/1.png', 'dog'],
      ['dog/2', 'dog'],
    ],
    notes: [],
  });
  const others = { ...set, 'cat/a.bmp': 'x', 'dog/a.heic': 'x', 'dog/notes.txt': 'x', 'list.csv': 'x' };
  expect((await read(others)).notes).toEqual([
    '4 files of zoo are no JPEG, PNG, WebP or GIF and are passed over: cat/a.bmp, dog/a.heic, dog/notes.txt and 1 more.',
  ]);
  // To be refused by its name when it is decoded.
  expect((await read({ ...set, 'cat/2.PNG': 'a text' })).rows).toContainEqual(['cat/2.PNG', 'cat']);
});

test('pictures outside the classes, and folders without pictures, are named', async () => {
  const set = {
    ...listing({ 'cat/1.png': '', 'dog/1.png': '', 'stray.png': '', 'fox/a.txt': 'x' }),
    folders: ['cat', 'bird', 'bird/young'],
  };
  expect((await tableOf(set)).notes).toEqual([
    '1 file of zoo is no JPEG, PNG, WebP or GIF and is passed over: fox/a.txt.',
    '1 picture of zoo lies in no folder of a class and is passed over: stray.png.',
    '2 folders of zoo hold no picture and are passed over: bird and fox.',
  ]);
});

test('where some folders lie deeper than others, the first one is the class', async () => {
  const { rows, notes } = await read(['train/cat/1.png', 'train/cat/young/2.png', 'train/dog/1.png']);
  expect(rows.map(([, label]) => label)).toEqual(['cat', 'cat', 'dog']);
  expect(notes).toEqual([
    'Pictures of zoo lie in folders of different depths: the first folder is the class, and those in it are not told apart.',
  ]);
});

test('one class alone can be predicted of, not learned', async () => {
  const one = ['train/cat/1.png', 'train/cat/2.png'];
  await expect(read(one)).rejects.toMatchObject({
    code: 'one-class',
    message: 'All 2 pictures of zoo are of one class, "cat": there is nothing to tell apart.',
    remedy: expect.stringContaining('train/cat/1.jpg and test/cat/1.jpg'),
  });
  expect((await read(one, { to: 'predict' })).rows).toHaveLength(2);
  // A part may have one class where another has more.
  expect((await read(['train/a/1.png', 'train/b/1.png', 'test/a/1.png'], { part: 'test' })).rows).toEqual([['test/a/1.png', 'a']]);
});

test('a part without classes, beside one that has them, is pictures to predict of', async () => {
  const set = listing(['train/cat/1.png', 'train/dog/1.png', 'test/1.png', 'test/2.png']);
  expect(await tableOf(set, { part: 'test' })).toMatchObject({ columns: ['image'], rows: [['test/1.png'], ['test/2.png']] });
  expect((await tableOf(set, { part: 'train' })).columns).toEqual(['image', 'label']);
});

test('a part that is not there, and a folder without pictures, are refused by name', async () => {
  const set = ['train/a/1.png', 'train/b/1.png', 'test/a/1.png'];
  await expect(read(set, { part: 'validation' })).rejects.toThrow('zoo has no part "validation". It has train and test.');
  await expect(read({ 'a.txt': 'x', 'b/c.bmp': 'x' })).rejects.toMatchObject({
    code: 'no-pictures',
    message: 'There are no pictures in zoo; of its 2 files none is one: a.txt and b/c.bmp.',
  });
  await expect(read([])).rejects.toThrow('it has no files');
});

test('files whose first bytes are not at hand are told by their names', async () => {
  const files = ['cat/1.JPG', 'cat/notes.txt', 'dog/1.webp'].map((path) => ({
    path,
    size: 1,
    blob: () => Promise.reject(new Error('not to be read')),
  }));
  const table = await tableOf({ name: 'org/zoo', files });
  expect(table.rows.map(([image]) => image)).toEqual(['cat/1.JPG', 'dog/1.webp']);
  expect(table.notes).toHaveLength(1);
});

test('no more is read of a picture than its first bytes, and once', async () => {
  let taken = 0;
  const blob = pngOf('x'.repeat(1000));
  const head = async (count: number) => {
    taken += count;
    return new Uint8Array(await blob.slice(0, count).arrayBuffer());
  };
  const files = ['cat/1', 'dog/1'].map((path) => ({
    path,
    size: blob.size,
    head,
    blob: () => Promise.reject(new Error('not to be read')),
  }));
  for (let i = 0; i < 2; i++) expect((await tableOf({ name: 'zoo', files })).rows).toHaveLength(2);
  expect(taken).toBe(32);
});

test('a zip is read as the folder in it, and says which of its folders are empty', async () => {
  const png = new Uint8Array(await pngOf('x'.repeat(500)).arrayBuffer());
  const tree = {
    zoo: { cat: { '1.png': png }, dog: { '1.png': png, 'a.txt': new Uint8Array(3) }, 'bird/': new Uint8Array(0) },
    '__MACOSX/zoo/cat/._1.png': png,
  };
  for (const level of [0, 9] as const) {
    const zip = zipSync(tree, { level });
    for (const whole of [undefined, new Blob([new Uint8Array(zip)])]) {
      const table = await tableOf(await zipListing(bytesOf('zoo.zip', zip), whole));
      expect(table.rows).toEqual([
        ['cat/1.png', 'cat'],
        ['dog/1.png', 'dog'],
      ]);
      expect(table.notes).toEqual([
        '1 file of zoo.zip is no JPEG, PNG, WebP or GIF and is passed over: dog/a.txt.',
        '1 folder of zoo.zip holds no picture and is passed over: bird.',
      ]);
      expect(new Uint8Array((await (await table.pictures?.get('dog/1.png')?.blob())?.arrayBuffer()) ?? new ArrayBuffer(0))).toEqual(png);
    }
  }
});

test('the first pictures of a set, to show', async () => {
  const source = await openPictures(listing(['cat/1.png', 'cat/2.png', 'dog/1.png']));
  expect((await firstPictures(source, 0, 2)).map(({ path }) => path)).toEqual(['cat/1.png', 'cat/2.png']);
  expect(await firstPictures(source, 0, 9)).toHaveLength(3);
});

test('metadata: rows whose picture is not there are counted, those of other parts are not', async () => {
  const rows = 'file_name,label\ntrain/1.png,cat\ntrain/2.png,dog\ntrain/9.png,dog\n../x.png,dog\ntest/1.png,cat\n';
  const set = { 'metadata.csv': rows, 'train/1.png': '', 'train/2.png': '', 'test/1.png': '' };
  const table = await tableOf(listing(set), { part: 'train' });
  expect(table).toMatchObject({ columns: ['image', 'label'], rowNumbers: [2, 3] });
  expect(table.rows).toEqual([
    ['train/1.png', 'cat'],
    ['train/2.png', 'dog'],
  ]);
  expect(table.notes).toEqual([
    '2 rows of metadata.csv name pictures that are not there and are passed over: rows 4 and 5, such as "train/9.png".',
  ]);
  expect(table.reading?.said).toMatch(/^metadata\.csv: /);
  expect((await tableOf(listing(set), { part: 'test' })).rows).toEqual([['test/1.png', 'cat']]);
  // The label alone, still of those rows that have a picture.
  expect((await readTable(await openPictures(listing(set)), { columns: [1] })).rows).toEqual([['cat'], ['dog']]);
});

test('metadata whose quotes turn out to be characters are read as such, with their pictures', async () => {
  const closed = '1.png\t"all closed"\n'.repeat(60_000);
  const table = await tableOf(listing({ 'metadata.csv': `file_name\tlabel\n${closed}2.png\t"he said\n`, '1.png': '', '2.png': '' }));
  expect(table.reading?.quote).toBe('');
  expect([table.columns, table.rows.at(-1), table.pictures?.size]).toEqual([['image', 'label'], ['2.png', '"he said'], 2]);
});

test('metadata that name no picture are refused, with what to do', async () => {
  const of = (metadata: string, more: Tree = []) =>
    read({ 'metadata.csv': metadata, '1.png': '', ...Object.fromEntries(filesOf(more).map(({ path }) => [path, 'file_name\n1.png'])) });
  await expect(of('name,label\n1.png,cat\n')).rejects.toMatchObject({
    code: 'no-file-name',
    message: expect.stringContaining('"name" and "label"'),
  });
  await expect(of('file_names,label\n1.png,cat\n')).rejects.toThrow('names several pictures in a row');
  await expect(of('file_name,label\n1,cat\n2,dog\n')).rejects.toMatchObject({
    code: 'missing-pictures',
    message: 'None of the 2 rows of metadata.csv names a picture of zoo: "1", for one, is not there.',
  });
  await expect(of('file_name,label\n1.png,cat\n', ['metadata.jsonl'])).rejects.toMatchObject({ code: 'two-metadata' });
});
