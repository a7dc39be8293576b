// What hosts' decoders have in common: GIFs are decoded here, orientation is taken from the header and hidden from the host, which decodes what is stored.
// Not here: a host's decoder (cli/picture_decoder.ts, src/worker/pictures_decode.ts).

import { type PictureHeader, readHeader } from './format.ts';
import { decodeGif } from './gif.ts';
import type { DecodePicture, Pixels } from './picture.ts';
import { upright } from './turn.ts';

/** Decodes the first picture of a file as it is stored, neither turned nor with a profile. The bytes are its own. */
export type DecodeStored = (bytes: Uint8Array<ArrayBuffer>, header: PictureHeader) => Promise<Pixels>;

/** A host's way to decode pictures, from its way to decode what is stored. */
export function decoderOf(decodeStored: DecodeStored): DecodePicture {
  return async (blob) => {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const header = readHeader(bytes, 'the picture');
    if (header.kind === 'gif') return decodeGif(bytes);
    for (const [at, byte] of header.masks) bytes[at] = byte;
    const pixels = await decodeStored(bytes, header);
    if (pixels.width !== header.width || pixels.height !== header.height) {
      throw new Error(`decoded it has ${pixels.width} × ${pixels.height} pixels, and its header says ${header.width} × ${header.height}`);
    }
    return upright(pixels, header.orientation);
  };
}

/** Red, green and blue of pixels that have an alpha after them. */
export function withoutAlpha(rgba: Uint8Array | Uint8ClampedArray, pixels: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(pixels * 3);
  for (let i = 0, at = 0; i < pixels; i++, at += 4) {
    out[3 * i] = rgba[at] as number;
    out[3 * i + 1] = rgba[at + 1] as number;
    out[3 * i + 2] = rgba[at + 2] as number;
  }
  return out;
}
