// JSON to cells, strictly (RFC 8259, and Python's NaN): a parser of our own, because JSON.parse changes numbers (1.0 becomes 1, long ids lose
// digits), keeps the last of two equal keys and says nothing of them. Holds one value at a time. Invariant: depth and keys are bounded before
// they are followed.

import type { ColumnKind } from '../../protocol/reading.ts';
import { MAX_COLUMNS } from './table.ts';

export interface JsonCell {
  /** A string's text; a number, a list as they are written; '' for null. */
  readonly text: string;
  readonly kind: ColumnKind;
  readonly is: string;
}

/** What is wrong, and at which character. */
export class JsonFault extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const MAX_DEPTH = 64;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null|NaN|-?Infinity/y;
const SPACE = /[ \t\r\n]*/y;

const null_: JsonCell = { text: '', kind: 'empty', is: 'empty' };

/** `list of numbers` from the kinds of its members. */
function listOf(members: ReadonlySet<string>): JsonCell['is'] {
  const [only, ...others] = [...members].filter((is) => is !== 'empty');
  return only === undefined || others.length > 0 ? 'lists' : `lists of ${only === 'text' ? 'texts' : only}`;
}

export class JsonParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#space();
  }

  /** The character that comes next, behind white space. */
  get next(): string {
    return this.#text[this.#at] ?? '';
  }

  end(): void {
    if (this.#at < this.#text.length) throw this.#fault('the end');
  }

  #fault(expected: string): JsonFault {
    const found = this.next === '' ? 'it ends' : `there is ${JSON.stringify(this.next)}`;
    return new JsonFault(`${expected} is expected where ${found}`, this.#at);
  }

  #space(): void {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #take(character: string): void {
    if (this.next !== character) throw this.#fault(`"${character}"`);
    this.#at++;
    this.#space();
  }

  string(): string {
    const begin = this.#at;
    if (this.next !== '"') throw this.#fault('a text in double quotes');
    let end = this.#text.indexOf('"', begin + 1);
    const plain = end < 0 ? '' : this.#text.slice(begin + 1, end);
    if (end >= 0 && !plain.includes('\\')) {
      this.#at = end + 1;
      return this.#checked(plain, begin);
    }
    for (end = begin + 1; this.#text[end] !== '"'; end += this.#text[end] === '\\' ? 2 : 1) {
      if (end >= this.#text.length) throw new JsonFault('a text is not closed', begin);
    }
    this.#at = end + 1;
    try {
      return this.#checked(JSON.parse(this.#text.slice(begin, end + 1)) as string, begin, 'escaped');
    } catch {
      throw new JsonFault('a text has a wrong escape or a bare control character', begin);
    }
  }

  #checked(text: string, begin: number, from: 'plain' | 'escaped' = 'plain'): string {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those that JSON wants escaped.
    if (from === 'plain' && /[\0-\x1f]/.test(text)) throw new JsonFault('a text has a bare control character', begin);
    this.#space();
    return text;
  }

  /** Calls for each member, which the callback has to read. Errors: a key given twice. */
  object(member: (key: string) => void): void {
    this.#nested('{', '}', () => {
      const keys = new Set<string>();
      return () => {
        const at = this.#at;
        const key = this.string();
        if (keys.has(key)) throw new JsonFault(`the key ${JSON.stringify(key.slice(0, 80))} is given twice`, at);
        if (keys.size >= MAX_COLUMNS * 64) throw new JsonFault('an object has too many keys', at);
        keys.add(key);
        this.#take(':');
        member(key);
      };
    });
  }

  array(element: () => void): void {
    this.#nested('[', ']', () => element);
  }

  #nested(open: string, close: string, begin: () => () => void): void {
    if (++this.#depth > MAX_DEPTH) throw new JsonFault(`it is nested more than ${MAX_DEPTH} deep`, this.#at);
    this.#take(open);
    const read = begin();
    if (this.next !== close) {
      read();
      while (this.next === ',') {
        this.#take(',');
        read();
      }
    }
    if (this.next !== close) throw this.#fault(`"," or "${close}"`);
    this.#at++;
    this.#space();
    this.#depth--;
  }

  /** Any value as a cell. */
  cell(): JsonCell {
    const begin = this.#at;
    if (this.next === '"') return { text: this.string(), kind: 'text', is: 'text' };
    if (this.next === '[') {
      const members = new Set<string>();
      this.array(() => members.add(this.cell().is));
      return { text: this.#text.slice(begin, this.#at).trimEnd(), kind: 'list', is: listOf(members) };
    }
    if (this.next === '{') {
      this.object(() => this.cell());
      return { text: this.#text.slice(begin, this.#at).trimEnd(), kind: 'object', is: 'objects' };
    }
    WORD.lastIndex = begin;
    const word = WORD.exec(this.#text)?.[0];
    NUMBER.lastIndex = begin;
    const token = word ?? NUMBER.exec(this.#text)?.[0];
    if (token === undefined) throw this.#fault('a value');
    this.#at += token.length;
    this.#space();
    if (token === 'null' || token === 'NaN') return null_;
    if (token === 'true' || token === 'false') return { text: token, kind: 'boolean', is: 'true or false' };
    return { text: token, kind: 'number', is: 'numbers' };
  }

  /** An object's members as cells; those of an object within it are named `outer.inner`. */
  cells(into: Map<string, JsonCell> = new Map(), prefix = ''): Map<string, JsonCell> {
    const begin = this.#at;
    this.object((key) => {
      const name = prefix + key;
      if (this.next === '{') this.cells(into, `${name}.`);
      else if (into.has(name)) throw new JsonFault(`the key ${JSON.stringify(name.slice(0, 80))} is given twice`, begin);
      else into.set(name, this.cell());
      if (into.size > MAX_COLUMNS) throw new JsonFault(`an object has more than ${MAX_COLUMNS} members`, begin);
    });
    return into;
  }
}
