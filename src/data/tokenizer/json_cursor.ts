// A value in a JSON file together with the path to it, so that whatever is wrong with a tokenizer is named by its place. Not a schema: each reader
// asks for what it needs. Invariant: nothing is taken for what it was not checked to be.

import { isRecord } from '../../formats/text.ts';
import { RetraceError } from '../../protocol/errors.ts';

export class JsonCursor {
  /** `file` is what people see: folder and file name. */
  constructor(
    readonly value: unknown,
    readonly file: string,
    readonly path = '',
  ) {}

  /** Throws `bad-tokenizer`. */
  fail(why: string, remedy = 'Download the tokenizer files of the model again, or correct the place that is named.'): never {
    throw new RetraceError({
      code: 'bad-tokenizer',
      message: `The tokenizer can't be used: ${this.path === '' ? this.file : `${this.path} in ${this.file}`} ${why}.`,
      where: this.path === '' ? this.file : `${this.file}, ${this.path}`,
      remedy,
    });
  }

  /** A field of an object; undefined where the object has none of its own. */
  at(key: string): JsonCursor {
    const record = this.object();
    return new JsonCursor(Object.hasOwn(record, key) ? record[key] : undefined, this.file, this.path === '' ? key : `${this.path}.${key}`);
  }

  get absent(): boolean {
    return this.value === undefined || this.value === null;
  }

  object(): Record<string, unknown> {
    return isRecord(this.value) ? this.value : this.fail(`should be an object and is ${shown(this.value)}`);
  }

  list(most: number): JsonCursor[] {
    const values = this.array(most);
    return values.map((value, i) => new JsonCursor(value, this.file, `${this.path}[${i}]`));
  }

  /** The elements as they are, for lists too long to make a cursor for each. */
  array(most: number): readonly unknown[] {
    if (!Array.isArray(this.value)) this.fail(`should be a list and is ${shown(this.value)}`);
    if (this.value.length > most) this.fail(`has ${this.value.length} elements; ${most} is the most that Retrace takes`);
    return this.value as readonly unknown[];
  }

  string(otherwise?: string): string {
    if (this.value === undefined && otherwise !== undefined) return otherwise;
    return typeof this.value === 'string' ? this.value : this.fail(`should be a text and is ${shown(this.value)}`);
  }

  boolean(otherwise?: boolean): boolean {
    if (this.absent && otherwise !== undefined) return otherwise;
    return typeof this.value === 'boolean' ? this.value : this.fail(`should be true or false and is ${shown(this.value)}`);
  }

  /** A whole number from 0 to `most`. */
  count(most: number, otherwise?: number): number {
    if (this.absent && otherwise !== undefined) return otherwise;
    const { value } = this;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value;
    return this.fail(`should be a whole number from 0 to ${most} and is ${shown(value)}`);
  }

  oneOf<T extends string>(words: readonly T[], otherwise?: T): T {
    if (this.absent && otherwise !== undefined) return otherwise;
    const found = words.find((word) => word === this.value);
    return found ?? this.fail(`is ${shown(this.value)}; Retrace knows ${words.join(', ')}`);
  }
}

/** A value as a message shows it. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = typeof value === 'object' && value !== null ? (Array.isArray(value) ? 'a list' : 'an object') : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
