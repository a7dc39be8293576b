// For tests: small pictures that are drawn here, of classes that can be told apart by their colour.

import { deflateSync } from 'node:zlib';
import { crc32 } from '../src/formats/zip.ts';

type Colour = readonly [red: number, green: number, blue: number];

const bytesOf = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
};

const chunk = (type: string, data: Uint8Array): Uint8Array => {
  const named = Uint8Array.of(...new TextEncoder().encode(type), ...data);
  return Uint8Array.of(...bytesOf(data.length), ...named, ...bytesOf(crc32(named)));
};

/** A PNG of 8 bits a channel. */
export function png(width: number, height: number, colourAt: (x: number, y: number) => Colour): Blob {
  const rows = Array.from({ length: height }, (_, y) => [0, ...Array.from({ length: width }, (_, x) => colourAt(x, y)).flat()]);
  const header = Uint8Array.of(...bytesOf(width), ...bytesOf(height), 8, 2, 0, 0, 0);
  const parts = [chunk('IHDR', header), chunk('IDAT', deflateSync(Uint8Array.from(rows.flat()))), chunk('IEND', new Uint8Array())];
  return new Blob([Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), ...parts.map((part) => new Uint8Array(part))], {
    type: 'image/png',
  });
}

const colours: Readonly<Record<string, Colour>> = { home: [210, 60, 40], travel: [40, 90, 210], work: [60, 180, 70] };

/** Picture number `i` of a class: of its colour, with a slope and a size of its own. */
export function pictureOf(name: string, i: number): Blob {
  const [red, green, blue] = colours[name] ?? [0, 0, 0];
  const shade = (value: number, at: number): number => Math.min(255, Math.max(0, value + ((7 * at + 13 * i) % 40) - 20));
  return png(14 + (i % 3), 12 + (i % 2), (x, y) => [shade(red, x), shade(green, y), shade(blue, x + y)]);
}

/** `count` pictures of each class, as a folder of class folders. */
export const classFolders = (classes: readonly string[], count: number): { path: string; blob: Blob }[] =>
  classes.flatMap((name) => Array.from({ length: count }, (_, i) => ({ path: `${name}/${i}.png`, blob: pictureOf(name, i) })));
