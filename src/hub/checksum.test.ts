import { expect, test } from 'vitest';
import { bytesOf } from '../formats/bytes.ts';
import { sha256Of } from './checksum.ts';

test('a file of several pieces has the checksum that WebCrypto gives to the whole', async () => {
  const bytes = Uint8Array.from({ length: 9 * 2 ** 20 + 5 }, (_, i) => (i * 31) >>> 3);
  const whole = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const seen: number[] = [];
  const hex = await sha256Of(bytesOf('x', bytes), (done) => seen.push(done));
  expect(hex).toBe(Array.from(whole, (byte) => byte.toString(16).padStart(2, '0')).join(''));
  expect(seen).toEqual([4 * 2 ** 20, 8 * 2 ** 20, bytes.length]);
  expect(await sha256Of(bytesOf('empty', new Uint8Array(0)))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});
