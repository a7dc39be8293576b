// What pictures.e2e.ts asks of a page: the browser's own decoder, and its worker. No part of the page.

import type { PictureRequest } from '../src/data/pictures/prepare.ts';
import { type ErrorReport, reportOf } from '../src/protocol/errors.ts';
import { browserPictures } from '../src/worker/pictures.ts';
import { decodePicture } from '../src/worker/pictures_decode.ts';

const worker = browserPictures(2);

const bytesIn = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return btoa(text);
}

interface Answer {
  readonly rgb?: string;
  readonly error?: ErrorReport;
}

export const calls = {
  async decode(file: string) {
    const { width, height, data } = await decodePicture(new Blob([bytesIn(file)]), 'jpeg');
    return { width, height, data: base64(data) };
  },
  async prepare(files: readonly { readonly name: string; readonly file: string }[], request: PictureRequest): Promise<Answer[]> {
    const pictures = await worker;
    return Promise.all(
      files.map(({ name, file }) =>
        pictures.prepare(new Blob([bytesIn(file)]), name, request).then(
          (rgb) => ({ rgb: base64(rgb) }),
          (thrown) => ({ error: reportOf(thrown) }),
        ),
      ),
    );
  },
  async closed(): Promise<string> {
    const own = await browserPictures();
    own.close();
    return own.prepare(new Blob([]), 'a', {} as PictureRequest).then(
      () => '',
      (thrown) => String(thrown),
    );
  },
};
export type PictureCalls = typeof calls;
