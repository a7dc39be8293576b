// A JPEG from its first marker to its last: sizes, colours, orientation, and that it ends where a JPEG does. Scans are stepped over, never decoded.
// Invariant: every step moves on, so that any bytes are at their end in one pass.

import { Broken, cutOff } from '../broken.ts';
import { orientationIn, type Turn, upright } from './exif.ts';
import { type PictureHeader, tagAt, viewOf } from './header.ts';

const END = 0xd9;
const SCAN = 0xda;
const APP1 = 0xe1;
/** Frames of all processes; C4, C8 and CC among them are tables. */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
/** Markers without a length: restarts, the start, and one for private use. */
const isBare = (marker: number): boolean => (marker >= 0xd0 && marker <= 0xd8) || marker === 0x01;

/** The next marker from `at` on, and where it ends. In a scan FF 00 is a byte of it, and so are restarts. */
function nextMarker(bytes: Uint8Array, at: number): { marker: number; end: number } {
  for (let i = bytes.indexOf(0xff, at); i >= 0; i = bytes.indexOf(0xff, i + 1)) {
    const marker = bytes[i + 1];
    if (marker === undefined) break;
    if (marker !== 0 && marker !== 0xff && !isBare(marker)) return { marker, end: i + 2 };
  }
  throw cutOff(bytes);
}

export function jpegHeader(bytes: Uint8Array): PictureHeader {
  const view = viewOf(bytes);
  let frame: { width: number; height: number; components: number } | undefined;
  let turn: Turn | undefined;
  let scans = 0;
  for (let at = 2; ; ) {
    const { marker, end } = nextMarker(bytes, at);
    if (marker === END) break;
    if (end + 2 > bytes.length) throw cutOff(bytes);
    const next = end + view.getUint16(end);
    if (next > bytes.length) throw cutOff(bytes);
    if (isFrame(marker)) {
      if (next < end + 8) throw new Broken('its frame header is too short');
      frame ??= { height: view.getUint16(end + 3), width: view.getUint16(end + 5), components: view.getUint8(end + 7) };
    } else if (marker === SCAN) scans++;
    else if (marker === APP1 && tagAt(bytes, end + 2) === 'Exif') turn ??= orientationIn(bytes, end + 8, next);
    at = Math.max(next, end + 2);
  }
  if (frame === undefined || scans === 0) throw new Broken('it holds no picture');
  const { orientation, masks } = turn ?? upright;
  const { width, height, components } = frame;
  return { kind: 'jpeg', width, height, alpha: false, animated: false, cmyk: components === 4, orientation, masks };
}
