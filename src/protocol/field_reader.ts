// Reads a JSON object from outside field by field: a field that is left out takes its default, a wrong one is an error that names it and its file. What is
// right is said by those that extend it: config.json of a model (src/models/config.ts), preprocessor_config.json (src/data/pictures/processor.ts).

import { RetraceError } from './errors.ts';
import { shownValue } from './shown.ts';

export class FieldReader {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #place: string;

  /** `noObject`: what is said of anything but an object. Error `config`. */
  constructor(json: unknown, place: string, noObject: { readonly message: string; readonly remedy: string }) {
    if (typeof json !== 'object' || json === null || Array.isArray(json))
      throw new RetraceError({ code: 'config', ...noObject, where: place });
    this.#fields = json as Record<string, unknown>;
    this.#place = place;
  }

  /** What a field holds; null is left out, as Transformers has it. */
  at(name: string): unknown {
    return this.#fields[name] ?? undefined;
  }

  /** Error `config`. */
  fail(name: string, expected: string): never {
    throw new RetraceError({
      code: 'config',
      message: `'${name}' is ${shownValue(this.#fields[name])}; expected ${expected}.`,
      where: `${this.#place}: ${name}`,
      remedy: 'Check the file, or choose another model.',
    });
  }

  /** A switch. */
  flag(name: string, fallback: boolean): boolean {
    const value = this.at(name) ?? fallback;
    return typeof value === 'boolean' ? value : this.fail(name, 'true or false');
  }
}
