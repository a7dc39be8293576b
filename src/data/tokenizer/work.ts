// How much one text may cost: a tokenizer comes from a stranger, and its patterns and replacements can be made to run for ever or to fill the
// memory. Invariant: whatever loops over something that a file decides spends here before it does.

import { RetraceError } from '../../protocol/errors.ts';

/** Far above what any real tokenizer takes: those spend some tens of steps for each character, and grow a text by less than three. */
const stepsAtLeast = 5_000_000;
const stepsForACharacter = 500;
const growth = 64;
const lengthAtLeast = 100_000;

export class Work {
  #steps = 0;
  #length = 0;
  #textLength = 0;

  /** A text of so many characters begins. */
  begin(textLength: number): void {
    this.#textLength = textLength;
    this.#steps = stepsAtLeast + stepsForACharacter * textLength;
    this.#length = lengthAtLeast + growth * textLength;
  }

  /** Error: `tokenizer-too-slow`. `where` is the part of tokenizer.json that is at work. */
  spend(steps: number, where: string): void {
    this.#steps -= steps;
    if (this.#steps < 0) this.#refuse(where, `needs more than ${stepsAtLeast + stepsForACharacter * this.#textLength} steps`);
  }

  /** Before a text of `length` characters is made. Error: `tokenizer-too-slow`. */
  hold(length: number, where: string): void {
    if (length > this.#length) this.#refuse(where, `makes ${length} characters or more`);
  }

  #refuse(where: string, what: string): never {
    throw new RetraceError({
      code: 'tokenizer-too-slow',
      message: `The tokenizer's ${where} ${what} out of a text of ${this.#textLength} characters, and no real tokenizer comes near that.`,
      where: `tokenizer.json, ${where}`,
      remedy: 'Simplify that pattern or replacement in tokenizer.json, or use the tokenizer as its model was published.',
    });
  }
}
