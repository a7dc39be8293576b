// Of which kind a file is, by its first bytes and never by its name, and what it says of its picture. Not here: a pixel of it.
// Invariant: what passes `readHeader` is whole and of a size that can be decoded, so that no decoder is asked for a part of a picture.

import { RetraceError } from '../../protocol/errors.ts';
import { Broken, brokenPicture } from './broken.ts';
import { gifHeader } from './gif.ts';
import { type PictureHeader, tagAt } from './headers/header.ts';
import { jpegHeader } from './headers/jpeg.ts';
import { pngHeader } from './headers/png.ts';
import { webpHeader } from './headers/webp.ts';
import type { PictureKind } from './picture.ts';

export type { PictureHeader } from './headers/header.ts';

/** How many bytes `pictureKind` and `otherKind` look at. */
export const kindBytes = 512;

/** Most pixels of a picture: 2^27 take 400 MB as red, green and blue. */
export const mostPixels = 2 ** 27;

/** How people call the kinds that are read. */
const readKinds = 'JPEG, PNG, WebP, GIF';

const begins = (bytes: Uint8Array, ...first: readonly number[]): boolean => first.every((byte, i) => bytes[i] === byte);

/** The kind of a picture by its first bytes; undefined: none that is read. */
export function pictureKind(first: Uint8Array): PictureKind | undefined {
  if (begins(first, 0xff, 0xd8, 0xff)) return 'jpeg';
  if (begins(first, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'png';
  if (tagAt(first, 0) === 'RIFF' && tagAt(first, 8) === 'WEBP') return 'webp';
  if (/^GIF8[79]a/.test(textOf(first.subarray(0, 6)))) return 'gif';
  return undefined;
}

const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** Other files that people take for pictures, or that lie among them: by how they begin, some after their first four bytes. */
const beginnings: readonly (readonly [begin: string, name: string])[] = [
  ['BM', 'a BMP file'],
  ['II*\0', 'a TIFF file'],
  ['II+\0', 'a TIFF file'],
  ['MM\0*', 'a TIFF file'],
  ['MM\0+', 'a TIFF file'],
  ['\xff\x0a', 'a JPEG XL file'],
  ['\0\0\0\x0cJXL ', 'a JPEG XL file'],
  ['\0\0\0\x0cjP  ', 'a JPEG 2000 file'],
  ['\xff\x4f\xff\x51', 'a JPEG 2000 file'],
  ['\0\0\x01\0', 'an icon'],
  ['8BPS', 'a Photoshop file'],
  ['%PDF', 'a PDF file'],
  ['PK\x03\x04', 'a ZIP archive'],
  ['\x1f\x8b', 'a gzip archive'],
  ['version https://git-lfs', 'a pointer of Git LFS in place of the file'],
];
const patterns: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^.{4}ftypavi[fs]/s, 'an AVIF file'],
  [/^.{4}ftyp(?:hei|hev|mif1|msf1)/s, 'a HEIC file'],
  [/^.{4}ftyp/s, 'a video'],
  [/^\s*(?:<\?xml.*)?(?:<!--.*)?<svg[\s>]/is, 'an SVG drawing'],
  [/^\s*(?:<!doctype html|<html)/i, 'a web page'],
  [/^[\s\x20-\x7e]+$/, 'text'],
];

/** What a file is that is no picture that is read, in words, by its first bytes; undefined: nothing that is known. */
export function otherKind(first: Uint8Array): string | undefined {
  const text = textOf(first.subarray(0, kindBytes)).replace(/^\xef\xbb\xbf/, '');
  const begun = beginnings.find(([begin]) => text.startsWith(begin));
  return (begun ?? patterns.find(([pattern]) => pattern.test(text)))?.[1];
}

/** The error of a file that is of no kind that is read, by its first bytes. */
export function notAPicture(first: Uint8Array, path: string): RetraceError {
  if (first.length === 0) return brokenPicture(path, 'the file is empty');
  const other = otherKind(first);
  const why = other === undefined ? `it is not a picture of a known kind; read: ${readKinds}` : `this is ${other}; read: ${readKinds}`;
  return brokenPicture(path, why, `Convert it to one of ${readKinds}, or leave it out.`);
}

const headers = { jpeg: jpegHeader, png: pngHeader, webp: webpHeader, gif: gifHeader } as const;

/** What a whole file says of its picture. Errors: `broken-picture` for what is none or is cut off, `picture-too-large`. */
export function readHeader(bytes: Uint8Array, path: string): PictureHeader {
  const kind = pictureKind(bytes);
  if (kind === undefined) throw notAPicture(bytes.subarray(0, kindBytes), path);
  const header = headerOf(bytes, kind, path);
  const { width, height } = header;
  if (width === 0 || height === 0) throw brokenPicture(path, `it says that it has ${width} × ${height} pixels`);
  if (width * height > mostPixels) {
    throw new RetraceError({
      code: 'picture-too-large',
      message: `'${path}' has ${width} × ${height} pixels; at most ${mostPixels} are read.`,
      where: path,
      remedy: 'Make the picture smaller, or leave it out.',
    });
  }
  return header;
}

function headerOf(bytes: Uint8Array, kind: PictureKind, path: string): PictureHeader {
  try {
    return headers[kind](bytes);
  } catch (thrown) {
    // A file may end within any number of it.
    if (thrown instanceof RangeError) throw brokenPicture(path, `it is cut off after ${bytes.length} bytes`);
    throw thrown instanceof Broken ? brokenPicture(path, thrown.message) : thrown;
  }
}
