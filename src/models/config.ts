// Reads a Hugging Face config.json field by field: a missing field takes Transformers' default, a wrong one is an error that names it.

import { RetraceError } from '../protocol/errors.ts';

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
      message: `'${name}' is ${JSON.stringify(this.#fields[name])}; expected ${expected}.`,
      where: `${this.#place}: ${name}`,
      remedy: 'Check the file, or choose another model.',
    });
  }

  number(name: string, fallback: number): number {
    const value = this.#fields[name] ?? fallback;
    return typeof value === 'number' && Number.isFinite(value) ? value : this.#fail(name, 'a number');
  }

  integer(name: string, fallback: number): number {
    const value = this.number(name, fallback);
    return Number.isInteger(value) && value > 0 ? value : this.#fail(name, 'a positive integer');
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
