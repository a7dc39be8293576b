// Decodes pictures in Node, by sharp: libvips' loaders, without a profile, a turn or a change of colours. GIFs and orientation: src/data/pictures/decode.ts.
// Invariant: pixels are Pillow's, to the bit where both have the same libraries; src/data/vectors/pictures.json says which.

import sharp from 'sharp';
import { type DecodeStored, decoderOf, withoutAlpha } from '../src/data/pictures/decode.ts';
import { mostPixels } from '../src/data/pictures/format.ts';
import type { DecodePicture } from '../src/data/pictures/picture.ts';

// Each picture is read once, and threads of this kind are as many as should work at once.
sharp.cache(false);
sharp.concurrency(1);

/** Pillow's conversion: each ink lets through what it does not cover, of what black lets through. */
function rgbOfCmyk(cmyk: Uint8Array, pixels: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i++) {
    const light = 255 - (cmyk[4 * i + 3] as number);
    for (let c = 0; c < 3; c++) {
      // Divides by 255 and rounds, in integers.
      const product = (cmyk[4 * i + c] as number) * light + 128;
      out[3 * i + c] = Math.max(0, light - (((product >> 8) + product) >> 8));
    }
  }
  return out;
}

const decodeStored: DecodeStored = async (bytes, header) => {
  const picture = sharp(bytes, { failOn: 'error', ignoreIcc: true, limitInputPixels: mostPixels });
  // Inks would be made colours by a profile of a press.
  const kept = header.cmyk ? picture.pipelineColourspace('cmyk').toColourspace('cmyk') : picture;
  const { data, info } = await kept
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((thrown: Error) => {
      throw new Error(`its pixels can't be decoded (${thrown.message.trim().split('\n')[0]})`);
    });
  const { width, height, channels } = info;
  const pixels = width * height;
  if (header.cmyk) return { width, height, data: rgbOfCmyk(data, pixels) };
  return { width, height, data: channels === 4 ? withoutAlpha(data, pixels) : new Uint8Array(data) };
};

export const decodePicture: DecodePicture = decoderOf(decodeStored);
