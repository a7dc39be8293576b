// Reads a Hugging Face config.json field by field: a missing field takes Transformers' default, a wrong one is an error that names it.
// Invariant: every number is read with a bound, for it will be allocated, looped over or computed with.

import { RetraceError } from '../protocol/errors.ts';
import { shownValue } from '../protocol/shown.ts';

export class ConfigReader {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #place: string;

  constructor(json: unknown, place: string) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw new RetraceError({
        code: 'config',
        message: 'The configuration is not a JSON object.',
        where: place,
        remedy: 'Choose the folder of a model from Hugging Face.',
      });
    }
    this.#fields = json as Record<string, unknown>;
    this.#place = place;
  }

  #fail(name: string, expected: string): never {
    throw new RetraceError({
      code: 'config',
      message: `'${name}' is ${shownValue(this.#fields[name])}; expected ${expected}.`,
      where: `${this.#place}: ${name}`,
      remedy: 'Check the file, or choose another model.',
    });
  }

  /** A number of [from, to]. */
  number(name: string, fallback: number, from: number, to: number): number {
    const value = this.#fields[name] ?? fallback;
    return typeof value === 'number' && value >= from && value <= to ? value : this.#fail(name, `a number from ${from} to ${to}`);
  }

  /** A probability of dropping something: below 1. */
  probability(name: string, fallback: number): number {
    const value = this.number(name, fallback, 0, 1);
    return value < 1 ? value : this.#fail(name, 'a probability below 1');
  }

  /** A size: what there is at least one of, and at most `most`. */
  integer(name: string, fallback: number, most: number): number {
    const value = this.#fields[name] ?? fallback;
    const holds = typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= most;
    return holds ? value : this.#fail(name, `a positive integer of at most ${most}`);
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const value = this.#fields[name] ?? fallback;
    return allowed.find((one) => one === value) ?? this.#fail(name, allowed.map((one) => `'${one}'`).join(' or '));
  }

  /** Errors where a switch is on. */
  not(name: string, expected: string): void {
    this.requires((this.#fields[name] ?? false) === false, name, expected);
  }

  requires(holds: boolean, name: string, expected: string): void {
    if (!holds) this.#fail(name, expected);
  }
}
