import { expect, test } from 'vitest';
import { picturesAmong, picturesOfPicked } from './picture_files.ts';

const file = (name: string, path = '', type = '') =>
  Object.defineProperty(new File(['x'], name, { type }), 'webkitRelativePath', { value: path });

test('a picked folder is named by its own folder, with paths below it', () => {
  const [cat, dog] = [file('1.png', 'pets/cat/1.png'), file('2.png', 'pets/dog/2.png')];
  expect(picturesOfPicked([cat, dog])).toEqual({
    kind: 'pictures',
    name: 'pets',
    files: [
      { path: 'cat/1.png', blob: cat },
      { path: 'dog/2.png', blob: dog },
    ],
  });
});

test('a zip is a file, single pictures are pictures, and nothing is nothing', () => {
  const [zip, one] = [file('pets.ZIP'), file('1.png')];
  expect(picturesOfPicked([zip])).toEqual({ kind: 'file', name: 'pets.ZIP', blob: zip });
  expect(picturesOfPicked([one])).toEqual({ kind: 'pictures', name: 'pictures', files: [{ path: '1.png', blob: one }] });
  expect(picturesOfPicked([])).toBeUndefined();
});

test('a zip within a folder is no data by itself', () => {
  expect(picturesOfPicked([file('old.zip', 'pets/old.zip'), file('1.png', 'pets/cat/1.png')])).toMatchObject({
    kind: 'pictures',
    name: 'pets',
  });
});

test('pictures are told by their type, or by their name where they have none', () => {
  const all = [file('a.png'), file('image', '', 'image/png'), file('a.txt', '', 'text/plain'), file('b.JPEG')];
  expect(picturesAmong(all).map(({ name }) => name)).toEqual(['a.png', 'image', 'b.JPEG']);
});
