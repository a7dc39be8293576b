// Whether a file is a picture of a kind that is read, by its first bytes.

const starts = (bytes: Uint8Array, text: string, at = 0): boolean =>
  Array.from(text).every((letter, i) => bytes[at + i] === letter.charCodeAt(0));

/** Of JPEG, PNG, WebP and GIF. */
export const isPicture = (first: Uint8Array): boolean =>
  starts(first, '\xff\xd8\xff') ||
  starts(first, '\x89PNG\r\n\x1a\n') ||
  starts(first, 'GIF87a') ||
  starts(first, 'GIF89a') ||
  (starts(first, 'RIFF') && starts(first, 'WEBP', 8));
