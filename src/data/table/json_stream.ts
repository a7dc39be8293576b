// JSON text to the elements of its list of rows, a piece at a time, without holding the file: the list itself, or one under a key of an object.
// Follows strings and brackets only; each element is parsed by json_value.ts. Invariant: the elements do not depend on where the text is cut.

import { RetraceError } from '../../protocol/errors.ts';
import { cellTooLarge, MAX_ROW } from './table.ts';

export interface JsonElement {
  /** The key that its list has in the file's object; undefined where the file is the list. */
  readonly key: string | undefined;
  /** Its place in the list, from 1. */
  readonly number: number;
  readonly text: string;
}

const MAX_DEPTH = 128;
const MAX_KEY = 1024;
const MAX_MEMBERS = 1000;
const [QUOTE, BACKSLASH, COMMA, COLON, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [34, 92, 44, 58, 123, 125, 91, 93];
const isSpace = (c: number): boolean => c === 32 || c === 10 || c === 13 || c === 9;

/** `rows`: a list whose first element is an object; `other`: any other list. */
type ListKind = 'undecided' | 'rows' | 'other';

export class JsonStream {
  readonly #name: string;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #root: 'array' | 'object' | undefined;
  #ended = false;
  /** Within the object: where its current member stands. */
  #member: 'key' | 'colon' | 'value' | 'behind' = 'key';
  #key: string | undefined;
  #list: ListKind | undefined;
  #number = 0;
  #element = '';
  #out: JsonElement[] = [];
  /** What the members of the file's object are, the first of them. */
  readonly members: { readonly opens: 'object' | 'list' | 'other' }[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  #broken(why: string): RetraceError {
    const where = this.#list === 'rows' ? `, row ${this.#number + 1}` : '';
    return new RetraceError({
      code: 'not-json',
      message: `${this.#name} is not sound JSON: ${why}${where === '' ? '' : ` in row ${this.#number + 1}`}.`,
      where: `${this.#name}${where}`,
      remedy: 'Export the file again; it may be cut off. pandas writes it by to_json(orient="records").',
    });
  }

  /** Elements of lists of objects that end in this piece. */
  push(text: string): JsonElement[] {
    // Where the part of `text` that belongs to the element or key begins.
    let begin = 0;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (c === BACKSLASH) this.#escaped = true;
        else if (c === QUOTE) {
          this.#inString = false;
          if (this.#root === 'object' && this.#depth === 1 && this.#member === 'key') {
            this.#gather(text, begin, i + 1, MAX_KEY);
            this.#key = this.#keyText();
            this.#member = 'colon';
          }
        }
        continue;
      }
      if (isSpace(c)) continue;
      if (this.#ended) throw this.#broken('something stands behind its end');
      if (this.#list === 'undecided') {
        this.#list = c === OPEN ? 'rows' : 'other';
        begin = i;
      }
      const level = this.#root === 'object' ? 2 : 1;
      if (this.#root === 'object' && this.#depth === 1) this.#checkMember(c);
      if (c === QUOTE) {
        this.#inString = true;
        if (this.#root === 'object' && this.#depth === 1 && this.#member === 'key') begin = i;
      } else if (c === OPEN || c === OPEN_LIST) {
        if (this.#root === undefined) this.#root = c === OPEN ? 'object' : 'array';
        if (++this.#depth > MAX_DEPTH) throw this.#broken(`it is nested more than ${MAX_DEPTH} deep`);
        const opensList = c === OPEN_LIST && (this.#root === 'array' ? this.#depth === 1 : this.#depth === 2);
        if (opensList) {
          this.#list = 'undecided';
          this.#number = 0;
        }
      } else if (c === CLOSE || c === CLOSE_LIST) {
        if (this.#depth === 0) throw this.#broken('a bracket is closed that was never opened');
        if (this.#list !== undefined && this.#depth === level && c === CLOSE_LIST) {
          this.#endElement(text, begin, i);
          this.#list = undefined;
        }
        this.#depth--;
        if (this.#depth === 0) this.#ended = true;
      } else if (c === COMMA && this.#depth === level && this.#list !== undefined) {
        this.#endElement(text, begin, i);
        begin = i + 1;
      } else if (this.#root === undefined) throw this.#broken('it begins with neither a list nor an object');
    }
    const isKey = this.#root === 'object' && this.#depth === 1 && this.#member === 'key' && this.#inString;
    if (this.#list === 'rows') this.#gather(text, begin, text.length, MAX_ROW);
    else if (isKey) this.#gather(text, begin, text.length, MAX_KEY);
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #checkMember(c: number): void {
    if (this.#member === 'key' && c !== QUOTE && c !== CLOSE) throw this.#broken('a key in double quotes is missing');
    if (this.#member === 'colon') {
      if (c !== COLON) throw this.#broken(`":" is missing behind the key ${JSON.stringify(this.#key)}`);
      this.#member = 'value';
    } else if (this.#member === 'value') {
      this.#member = 'behind';
      if (this.members.length < MAX_MEMBERS) this.members.push({ opens: c === OPEN ? 'object' : c === OPEN_LIST ? 'list' : 'other' });
    } else if (this.#member === 'behind' && c === COMMA) {
      this.#member = 'key';
      this.#element = '';
    }
  }

  #gather(text: string, from: number, to: number, most: number): void {
    if (this.#element.length + to - from > most) {
      throw most === MAX_KEY ? this.#broken(`a key is longer than ${MAX_KEY} characters`) : cellTooLarge(this.#name, this.#number + 1, '');
    }
    this.#element += text.slice(from, to);
  }

  #keyText(): string {
    const text = this.#element;
    this.#element = '';
    try {
      return JSON.parse(text) as string;
    } catch {
      throw this.#broken('a key is not a sound text');
    }
  }

  #endElement(text: string, from: number, to: number): void {
    if (this.#list !== 'rows') return;
    this.#gather(text, from, to, MAX_ROW);
    this.#number++;
    this.#out.push({ key: this.#key, number: this.#number, text: this.#element });
    this.#element = '';
  }

  /** Error `not-json` where the file breaks off. */
  end(): void {
    if (!this.#ended) throw this.#broken('it ends before its brackets are closed');
  }
}
