// Pictures in a real Chromium: its worker prepares the same files as Node does, and decodes them to the same pixels, which cli/picture_decoder.test.ts judges by
// Pillow's. The modules come from the development server, so that no build is needed.

import type { Browser, BrowserContext, Page } from 'playwright-core';
import sharp from 'sharp';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodePicture } from '../cli/picture_decoder.ts';
import { ROOT } from '../scripts/setup.mjs';
import { type PictureRequest, prepare } from '../src/data/pictures/prepare.ts';
import { readImageProcessor } from '../src/data/pictures/processor.ts';
import { drawn, pictureBytes, sha256, vectors } from '../src/data/pictures/testing.ts';
import { launch } from './browser.ts';
import type { PictureCalls } from './pictures_page.ts';

let server: ViteDevServer;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  server = await createServer({ root: ROOT, logLevel: 'error', server: { port: 4396, ws: false, hmr: false } });
  await server.listen();
  const address = server.resolvedUrls?.local[0] ?? '';
  browser = await launch('none');
  context = await browser.newContext();
  page = await context.newPage();
  // Any file of the origin will do: the page itself would begin a session.
  await page.goto(`${address}icon.svg`);
  // As text, for what Vitest makes of an import is no import.
  await page.evaluate(`import('${address}e2e/pictures_page.ts').then((pictures) => { globalThis.pictures = pictures; })`);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Asks the page's modules. Bytes go and come as base64. */
const ask = <K extends keyof PictureCalls>(call: K, ...values: Parameters<PictureCalls[K]>) =>
  page.evaluate(
    ([name, sent]) =>
      (Reflect.get(globalThis, 'pictures') as { calls: Record<string, (...all: unknown[]) => unknown> }).calls[name]?.(...sent),
    [call, values as unknown[]] as const,
  ) as ReturnType<PictureCalls[K]>;

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const bytesIn = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

/** Chromium multiplies inks by what black lets through in another order than Pillow: 1 of 255 is what that makes. */
const isRounded = (name: string): boolean => /cmyk|ycck/.test(name);
const difference = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

test.each(vectors.pictures)('$name has the pixels in Chromium that it has in Node', async ({ name, width, height, sha256: expected }) => {
  const bytes = pictureBytes(name);
  const there = await ask('decode', base64(bytes));
  expect({ width: there.width, height: there.height }).toEqual({ width, height });
  const data = bytesIn(there.data);
  if (!isRounded(name)) return expect(sha256(data)).toBe(expected);
  const here = await decodePicture(new Blob([bytes]), 'jpeg');
  expect(difference(data, here.data)).toBeLessThanOrEqual(1);
});

const { size } = vectors;
// Bilinear: weights of a bicubic sum go below 0, and make up to 3 of a difference of 1.
const { processor } = readImageProcessor(vectors.processors['vit'], 'vit', size);

test('the worker prepares the bytes that Node does, many at a time, cropped at random and mirrored or not', async () => {
  const augmentation = { options: { min_scale: 0.3, flip: true }, seed: 3, epoch: 1, example: 5 };
  for (const request of [{ processor }, { processor, augmentation }] satisfies PictureRequest[]) {
    const names = vectors.pictures.map(({ name }) => name);
    const there = await ask(
      'prepare',
      names.map((name) => ({ name, file: base64(pictureBytes(name)) })),
      request,
    );
    for (const [i, name] of names.entries()) {
      const here = await prepare(new Blob([pictureBytes(name)]), name, request, decodePicture);
      const answer = there[i];
      expect(answer?.error, name).toBeUndefined();
      expect(difference(bytesIn(answer?.rgb ?? ''), here), name).toBeLessThanOrEqual(isRounded(name) ? 1 : 0);
    }
  }
});

test('files that are cut off, changed or none are errors that name them, and the worker goes on', async () => {
  const files = vectors.pictures.flatMap(({ name }) => {
    const bytes = pictureBytes(name);
    return [0.3, 0.6, 0.97].map((part) => ({ name, file: base64(bytes.subarray(0, Math.floor(bytes.length * part))) }));
  });
  const answers = await ask('prepare', files, { processor });
  for (const [i, answer] of answers.entries())
    expect(answer.error, files[i]?.name).toMatchObject({ code: 'broken-picture', where: files[i]?.name });
  const broken = pictureBytes('rgba.png');
  broken.fill(0x55, 60, 200);
  const [text, changed, whole] = await ask(
    'prepare',
    [
      { name: 'a.csv', file: base64(new TextEncoder().encode('path,label')) },
      { name: 'pets/changed.png', file: base64(broken) },
      { name: 'rgba.png', file: base64(pictureBytes('rgba.png')) },
    ],
    { processor },
  );
  expect(text?.error?.message).toBe("'a.csv' can't be read: this is text; read: JPEG, PNG, WebP, GIF.");
  expect(changed?.error).toMatchObject({ code: 'broken-picture', message: expect.stringContaining("pixels can't be decoded") });
  expect(whole?.rgb).toBeDefined();
});

test.each([
  [4100, 30, 4],
  [30, 4100, 4],
  [4100, 30, 3],
  [30, 4100, 3],
] as const)('%i × %i pixels of %i channels are more than a tile, and are read whole', async (width, height, channels) => {
  const { data } = drawn(width, height);
  const pixels = Buffer.alloc(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    pixels.set(data.subarray(3 * i, 3 * i + 3), i * channels);
    if (channels === 4) pixels[4 * i + 3] = (i * 7) & 255;
  }
  const png = await sharp(pixels, { raw: { width, height, channels } }).png().toBuffer();
  expect(sha256(bytesIn((await ask('decode', base64(png))).data))).toBe(sha256(data));
});

test('a worker that is closed fails what it was asked', async () => {
  expect(await ask('closed')).toMatch(/closed/);
});
