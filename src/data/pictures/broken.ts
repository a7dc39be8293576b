// What is wrong with a picture's file, in words. Code that knows bytes throws `Broken`, which knows no path; whoever knows the path makes the error of it
// that people see. Invariant: `why` goes on after "'cat.jpg' can't be read: ".

import { RetraceError } from '../../protocol/errors.ts';

/** A fault found in a file's bytes. */
export class Broken extends Error {}

/** The bytes end before the picture does. */
export const cutOff = (bytes: Uint8Array): Broken => new Broken(`it is cut off after ${bytes.length} bytes`);

/** The error of a file that is no picture that can be read. */
export function brokenPicture(
  path: string,
  why: string,
  remedy = 'Put a whole copy of the picture in its place, or leave it out.',
): RetraceError {
  return new RetraceError({ code: 'broken-picture', message: `'${path}' can't be read: ${why}.`, where: path, remedy });
}
