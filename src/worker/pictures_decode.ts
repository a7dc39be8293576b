// Decodes pictures in a browser, by createImageBitmap. A canvas keeps colours multiplied by their alpha, which loses those of transparent pixels: pictures with
// alpha are read through a texture, which keeps them apart. Tiles, for canvases and textures have a largest size.
// Measured in Chromium 156 against Pillow 13 (e2e/pictures.e2e.ts): the same bits, but for JPEGs in CMYK, which round otherwise by 1.

import { type DecodeStored, decoderOf, withoutAlpha } from '../data/pictures/decode.ts';
import type { DecodePicture, PictureKind, Pixels } from '../data/pictures/picture.ts';
import { RetraceError } from '../protocol/errors.ts';

const types: Readonly<Record<PictureKind, string>> = { jpeg: 'image/jpeg', png: 'image/png', webp: 'image/webp', gif: 'image/gif' };

/** Sides of a tile: every device has textures as large. 64 MB a tile. */
const tileSide = 4096;

/** Reads [4 · width · height] numbers of a bitmap from (x, y) on. */
type ReadTile = (bitmap: ImageBitmap, x: number, y: number, width: number, height: number) => Uint8Array | Uint8ClampedArray;

let canvas: OffscreenCanvasRenderingContext2D | undefined;

const throughCanvas: ReadTile = (bitmap, x, y, width, height) => {
  // willReadFrequently: the canvas is kept in memory, not on a GPU.
  canvas ??= new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true, alpha: false }) ?? undefined;
  if (canvas === undefined) throw new Error('this browser has no canvas to read its pixels with');
  // Sets all pixels to black as well.
  Object.assign(canvas.canvas, { width, height });
  canvas.drawImage(bitmap, -x, -y);
  return canvas.getImageData(0, 0, width, height).data;
};

let textures: WebGL2RenderingContext | undefined;

const throughTexture: ReadTile = (bitmap, x, y, width, height) => {
  if (textures === undefined || textures.isContextLost()) textures = openTextures();
  const gl = textures;
  gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, x);
  gl.pixelStorei(gl.UNPACK_SKIP_ROWS, y);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, gl.getParameter(gl.TEXTURE_BINDING_2D), 0);
  const rgba = new Uint8Array(width * height * 4);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
  const error = gl.getError();
  if (error !== gl.NO_ERROR) throw new Error(`its pixels could not be read through a texture (WebGL error ${error})`);
  return rgba;
};

/** A context of WebGL with a texture and a framebuffer bound, which takes pixels as they are. */
function openTextures(): WebGL2RenderingContext {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (gl === null) {
    throw new RetraceError({
      code: 'no-webgl',
      message: 'Pictures with transparency are read with WebGL 2, which this browser does not offer now.',
      remedy: 'Turn on hardware acceleration in the settings of the browser, or use pictures without transparency.',
    });
  }
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  return gl;
}

/** All pixels of a bitmap, tile by tile. */
function pixelsOf(bitmap: ImageBitmap, read: ReadTile): Pixels {
  const { width, height } = bitmap;
  const data = new Uint8Array(width * height * 3);
  for (let top = 0; top < height; top += tileSide) {
    for (let left = 0; left < width; left += tileSide) {
      const [w, h] = [Math.min(tileSide, width - left), Math.min(tileSide, height - top)];
      const rgb = withoutAlpha(read(bitmap, left, top, w, h), w * h);
      for (let y = 0; y < h; y++) data.set(rgb.subarray(y * w * 3, (y + 1) * w * 3), ((top + y) * width + left) * 3);
    }
  }
  return { width, height, data };
}

const decodeStored: DecodeStored = async (bytes, { kind, alpha }) => {
  const bitmap = await createImageBitmap(new Blob([bytes], { type: types[kind] }), {
    premultiplyAlpha: 'none',
    colorSpaceConversion: 'none',
  }).catch(() => {
    // What it says is no more than this.
    throw new Error("its pixels can't be decoded");
  });
  try {
    return pixelsOf(bitmap, alpha ? throughTexture : throughCanvas);
  } finally {
    bitmap.close();
  }
};

export const decodePicture: DecodePicture = decoderOf(decodeStored);
