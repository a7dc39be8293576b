// Kinds of files by their first bytes, what a file says of its picture, and files that are cut off, absurdly large or none.

import { expect, test } from 'vitest';
import { kindBytes, notAPicture, otherKind, pictureKind, readHeader } from './format.ts';
import { pictureBytes, vectors } from './testing.ts';

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const kindsByName = { jpg: 'jpeg', png: 'png', webp: 'webp', gif: 'gif' } as const;
/** Turned by their EXIF so that rows become columns. */
const isTurned = (name: string): boolean => /exif[5-8]/.test(name);
const hasAlpha = new Set(vectors.pictures.map(({ name }) => name).filter((name) => /alpha|rgba|la\.png|transparent/.test(name)));

test.each(vectors.pictures)('$name: its kind, size, transparency and turn are read, and that it is whole', ({ name, width, height }) => {
  const bytes = pictureBytes(name);
  const kind = kindsByName[name.split('.')[1] as keyof typeof kindsByName];
  expect(pictureKind(bytes.subarray(0, 12))).toBe(kind);
  const turn = Number(/exif(\d)/.exec(name)?.[1] ?? 1);
  expect(readHeader(bytes, name)).toMatchObject({
    ...{ kind, orientation: turn, animated: name.startsWith('animated'), cmyk: /cmyk|ycck/.test(name) },
    ...(isTurned(name) ? { width: height, height: width } : { width, height }),
    // Pillow makes the second frame's colours transparent in the first too.
    ...(name === 'animated.gif' ? {} : { alpha: hasAlpha.has(name) }),
  });
});

test.each(vectors.pictures)(
  '$name: wherever it is cut, it is refused, and so is every other file of its bytes that is none',
  ({ name }) => {
    const bytes = pictureBytes(name);
    const cuts = Array.from({ length: 40 }, (_, i) => Math.floor((i * bytes.length) / 40));
    for (const length of [...cuts, bytes.length - 1, 1, 2, 3, 5, 11, 12, 13]) {
      const cut = () => readHeader(bytes.subarray(0, length), `pets/${name}`);
      expect(cut, `${length} bytes`).toThrow(expect.objectContaining({ code: 'broken-picture', where: `pets/${name}` }));
      if (length > 20) expect(cut).toThrow(`'pets/${name}' can't be read: it is cut off after ${length} bytes.`);
    }
    // What stands behind a picture does not matter.
    const followed = new Uint8Array(bytes.length + 9);
    followed.set(bytes);
    expect(readHeader(followed, name)).toEqual(readHeader(bytes, name));
  },
);

test('any change of a byte gives a header or an error with a reason', () => {
  for (const { name } of vectors.pictures) {
    const bytes = pictureBytes(name);
    for (let at = 0; at < Math.min(bytes.length, 400); at++) {
      for (const byte of [0, 0x7f, 0xff]) {
        const changed = bytes.slice();
        changed[at] = byte;
        try {
          readHeader(changed, name);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: expect.stringMatching(/^(?:broken-picture|picture-too-large)$/) });
        }
      }
    }
  }
});

test('a picture that says it is absurdly large is refused by its numbers', () => {
  const bytes = pictureBytes('rgb.png');
  new DataView(bytes.buffer).setUint32(16, 70_000);
  new DataView(bytes.buffer).setUint32(20, 60_000);
  expect(() => readHeader(bytes, 'a/b.png')).toThrow(
    expect.objectContaining({ code: 'picture-too-large', message: "'a/b.png' has 70000 × 60000 pixels; at most 134217728 are read." }),
  );
  new DataView(bytes.buffer).setUint32(20, 0);
  expect(() => readHeader(bytes, 'a/b.png')).toThrow('it says that it has 70000 × 0 pixels');
});

test.each([
  ['BM6\0\0\0', 'a BMP file'],
  ['II*\0\x08\0\0\0', 'a TIFF file'],
  ['MM\0*\0\0\0\x08', 'a TIFF file'],
  ['\0\0\0\x1cftypavif\0\0\0\0', 'an AVIF file'],
  ['\0\0\0\x18ftypheic\0\0\0\0', 'a HEIC file'],
  ['\0\0\0\x18ftypisom\0\0\0\0', 'a video'],
  ['\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a -->\n<svg xmlns="">', 'an SVG drawing'],
  ['<svg width="3">', 'an SVG drawing'],
  ['<!DOCTYPE html><html>', 'a web page'],
  ['%PDF-1.7', 'a PDF file'],
  ['PK\x03\x04\x14', 'a ZIP archive'],
  ['version https://git-lfs.github.com/spec/v1\noid', 'a pointer of Git LFS in place of the file'],
  ['path,label\ncat.jpg,cat\n', 'text'],
])('%j is %s', (begin, name) => {
  expect(otherKind(bytesOf(begin))).toBe(name);
  expect(pictureKind(bytesOf(begin))).toBeUndefined();
  expect(notAPicture(bytesOf(begin), 'x/cat').message).toBe(`'x/cat' can't be read: this is ${name}; read: JPEG, PNG, WebP, GIF.`);
});

test('what is nothing known, or nothing at all, is said to be so', () => {
  expect(otherKind(Uint8Array.from({ length: kindBytes }, (_, i) => (i * 37 + 130) & 255))).toBeUndefined();
  expect(notAPicture(bytesOf('\x80\x81'), 'cat').message).toBe(
    "'cat' can't be read: it is not a picture of a known kind; read: JPEG, PNG, WebP, GIF.",
  );
  expect(() => readHeader(new Uint8Array(0), 'cat.jpg')).toThrow("'cat.jpg' can't be read: the file is empty.");
});
