// Regular expressions as Oniguruma writes them (Ruby's syntax), read into a tree: the patterns of `Split` and `Replace`. Back-references, conditions
// and calls are refused by name; captures are groups, since nothing here asks what they held. Invariant: what is read is a subset of what Oniguruma
// reads, with the same meaning.

import { caseless, either, hexDigit, not, ofClass, posixTest, propertyTest, type Test, within, wordTest } from './classes.ts';

export type Tree =
  | { readonly kind: 'one'; readonly test: Test }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Tree[] }
  | {
      readonly kind: 'repeat';
      readonly body: Tree;
      readonly least: number;
      readonly most: number;
      readonly mode: 'greedy' | 'lazy' | 'possessive';
    }
  | { readonly kind: 'look'; readonly body: Tree; readonly ahead: boolean; readonly negative: boolean }
  | { readonly kind: 'atomic'; readonly body: Tree }
  | { readonly kind: 'edge'; readonly edge: 'line-start' | 'line-end' | 'start' | 'end' | 'last-line-end' | 'word' | 'no-word' };

interface Flags {
  readonly ignoreCase: boolean;
  readonly dotAll: boolean;
  readonly extended: boolean;
}

const MOST_DEPTH = 50;
const MOST_NODES = 5_000;
const MOST_REPEATS = 100_000;

/** Reads `source`. `fail` throws, with what is wrong. */
export function readPattern(source: string, fail: (why: string) => never): Tree {
  const text = Array.from(source);
  let at = 0;
  let nodes = 0;

  const peek = (ahead = 0): string => text[at + ahead] ?? '';
  const refuse = (why: string): never => fail(`${why} at character ${at} of the pattern`);
  const take = (literal: string): boolean => {
    const found = text.slice(at, at + literal.length).join('') === literal;
    if (found) at += literal.length;
    return found;
  };
  const node = <T extends Tree>(tree: T): T => {
    nodes += 1;
    if (nodes > MOST_NODES) refuse(`has more than ${MOST_NODES} parts`);
    return tree;
  };

  function one(test: Test, { ignoreCase }: Flags): Tree {
    return node({ kind: 'one', test: ignoreCase ? caseless(test) : test });
  }

  function choice(flags: Flags, depth: number): Tree {
    if (depth > MOST_DEPTH) refuse(`is nested more than ${MOST_DEPTH} deep`);
    const options: Tree[] = [];
    let scope = flags;
    let parts: Tree[] = [];
    while (at < text.length && peek() !== ')') {
      if (take('|')) {
        options.push(node({ kind: 'sequence', parts }));
        parts = [];
      } else {
        const item = atom(scope, depth);
        if ('flags' in item) scope = item.flags;
        else parts.push(repeats(item.tree, scope));
      }
    }
    options.push(node({ kind: 'sequence', parts }));
    return options.length === 1 ? (options[0] as Tree) : node({ kind: 'choice', parts: options });
  }

  function repeats(tree: Tree, flags: Flags): Tree {
    let body = tree;
    for (;;) {
      if (flags.extended) skipSpace();
      const bounds = quantifier();
      if (bounds === undefined) return body;
      const [least, most, interval] = bounds;
      let mode: 'greedy' | 'lazy' | 'possessive' = 'greedy';
      if (take('?')) mode = 'lazy';
      else if (!interval && take('+')) mode = 'possessive';
      body = node({ kind: 'repeat', body, least, most, mode });
    }
  }

  function skipSpace(): void {
    for (;;) {
      if (/^\s$/.test(peek())) at += 1;
      else if (peek() === '#') while (at < text.length && peek() !== '\n') at += 1;
      else return;
    }
  }

  function quantifier(): [least: number, most: number, interval: boolean] | undefined {
    if (take('*')) return [0, Number.POSITIVE_INFINITY, false];
    if (take('+')) return [1, Number.POSITIVE_INFINITY, false];
    if (take('?')) return [0, 1, false];
    const interval = /^\{(\d*)(,?)(\d*)\}/.exec(text.slice(at, at + 20).join(''));
    if (interval === null) return undefined;
    const [whole, low = '', comma, high = ''] = interval;
    if (low === '' && high === '') return undefined;
    at += whole.length;
    const least = low === '' ? 0 : Number(low);
    const most = comma === '' ? least : high === '' ? Number.POSITIVE_INFINITY : Number(high);
    if (least > MOST_REPEATS || (Number.isFinite(most) && most > MOST_REPEATS) || most < least) refuse(`repeats ${whole}`);
    return [least, most, true];
  }

  function atom(flags: Flags, depth: number): { readonly tree: Tree } | { readonly flags: Flags } {
    if (flags.extended) {
      skipSpace();
      if (at >= text.length || peek() === ')' || peek() === '|') return { tree: node({ kind: 'sequence', parts: [] }) };
    }
    const c = peek();
    at += 1;
    if (c === '(') return group(flags, depth);
    if (c === '[') return { tree: one(bracket(depth + 1), flags) };
    if (c === '.') return { tree: node({ kind: 'one', test: flags.dotAll ? () => true : (p: number) => p !== 10 }) };
    if (c === '^') return { tree: node({ kind: 'edge', edge: 'line-start' }) };
    if (c === '$') return { tree: node({ kind: 'edge', edge: 'line-end' }) };
    if (c === '\\') return { tree: escaped(flags) };
    if (c === '*' || c === '+' || c === '?') refuse(`has "${c}" after nothing`);
    const point = c.codePointAt(0) as number;
    return { tree: one((p) => p === point, flags) };
  }

  function group(flags: Flags, depth: number): { readonly tree: Tree } | { readonly flags: Flags } {
    let inner = flags;
    let wrap = (body: Tree): Tree => body;
    if (take('?')) {
      const look = (ahead: boolean, negative: boolean) => (body: Tree) => node<Tree>({ kind: 'look', body, ahead, negative });
      if (take(':')) wrap = (body) => body;
      else if (take('=')) wrap = look(true, false);
      else if (take('!')) wrap = look(true, true);
      else if (take('<=')) wrap = look(false, false);
      else if (take('<!')) wrap = look(false, true);
      else if (take('>')) wrap = (body) => node({ kind: 'atomic', body });
      else if (take('#')) {
        while (at < text.length && peek() !== ')') at += 1;
        at += 1;
        return { tree: node({ kind: 'sequence', parts: [] }) };
      } else if (
        /^[<'P]$/.test(peek()) &&
        /^(?:P?<[\p{L}_][\p{L}\p{N}_]*>|'[\p{L}_][\p{L}\p{N}_]*')/u.test(text.slice(at, at + 80).join(''))
      ) {
        const name = /^(?:P?<[^>]*>|'[^']*')/.exec(text.slice(at, at + 80).join('')) as RegExpExecArray;
        at += Array.from(name[0]).length;
      } else {
        const words = /^([imx]*)(?:-([imx]*))?([:)])/.exec(text.slice(at, at + 12).join(''));
        if (words === null) return refuse('has a kind of group that Retrace does not know');
        const [whole, on = '', off = '', close] = words;
        at += whole.length;
        const set = (letter: string, was: boolean): boolean => (on.includes(letter) ? true : off.includes(letter) ? false : was);
        inner = { ignoreCase: set('i', flags.ignoreCase), dotAll: set('m', flags.dotAll), extended: set('x', flags.extended) };
        if (close === ')') return { flags: inner };
      }
    }
    const body = choice(inner, depth + 1);
    if (!take(')')) refuse('has a group without end');
    return { tree: wrap(body) };
  }

  function escaped(flags: Flags): Tree {
    const c = peek();
    const edges = { A: 'start', z: 'end', Z: 'last-line-end', b: 'word', B: 'no-word' } as const;
    if (Object.hasOwn(edges, c)) {
      at += 1;
      return node({ kind: 'edge', edge: edges[c as keyof typeof edges] });
    }
    if (take('R')) {
      const is = (...points: number[]): Tree => ({ kind: 'one', test: (p) => points.includes(p) });
      const newline: Tree = {
        kind: 'choice',
        parts: [{ kind: 'sequence', parts: [is(13), is(10)] }, is(10, 11, 12, 13, 0x85, 0x2028, 0x2029)],
      };
      return node({ kind: 'atomic', body: newline });
    }
    if (/^[1-9]$/.test(c) || (/^[kgKGXNOyY]$/.test(c) && c !== '')) refuse(`uses \\${c}, which Retrace does not know`);
    return one(escapedClass('alone') ?? equals(escapedPoint()), flags);
  }

  const equals =
    (point: number): Test =>
    (c) =>
      c === point;

  /** After a backslash: a class such as \s or \p{L}, or undefined. */
  function escapedClass(place: 'alone' | 'in a set'): Test | undefined {
    const c = peek();
    if (c === 'p' || c === 'P') {
      const property = /^[pP]\{(\^?)([\w\s-]+)\}/.exec(text.slice(at, at + 40).join(''));
      if (property === null) return refuse('has a property without a name');
      const test = propertyTest(property[2] as string) ?? refuse(`uses ${property[0]}, a property that Retrace does not know`);
      at += property[0].length;
      return (c === 'P') !== (property[1] === '^') ? not(test) : test;
    }
    if (!/^[dswhDSWH]$/.test(c)) return undefined;
    at += 1;
    const tests: Readonly<Record<string, () => Test>> = {
      d: () => ofClass('digit'),
      s: () => ofClass('space'),
      w: () => wordTest(place),
      h: () => hexDigit,
    };
    const test = (tests[c.toLowerCase()] as () => Test)();
    return c === c.toUpperCase() ? not(test) : test;
  }

  /** After a backslash: one character. */
  function escapedPoint(): number {
    const c = peek();
    if (c === '') refuse('ends in a backslash');
    const hex = /^(?:x\{([0-9a-fA-F]{1,8})\}|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4}))/.exec(text.slice(at, at + 12).join(''));
    if (hex !== null) {
      at += hex[0].length;
      const point = Number.parseInt(hex[1] ?? hex[2] ?? (hex[3] as string), 16);
      return point <= 0x10ffff ? point : refuse('has a character past U+10FFFF');
    }
    at += 1;
    const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, a: 7, e: 27, 0: 0 };
    return Object.hasOwn(controls, c) ? (controls[c] as number) : (c.codePointAt(0) as number);
  }

  /** After "[": a set of characters, up to its "]". */
  function bracket(depth: number): Test {
    if (depth > MOST_DEPTH) refuse(`is nested more than ${MOST_DEPTH} deep`);
    const negative = take('^');
    const sets: Test[][] = [[]];
    const add = (test: Test): void => {
      nodes += 1;
      if (nodes > MOST_NODES) refuse(`has more than ${MOST_NODES} parts`);
      (sets[sets.length - 1] as Test[]).push(test);
    };
    for (let first = true; ; first = false) {
      if (at >= text.length) refuse('has a set of characters without end');
      if (peek() === ']' && !first) break;
      if (take('&&')) {
        sets.push([]);
        continue;
      }
      const posix = /^\[:(\^?)(\w+):\]/.exec(text.slice(at, at + 16).join(''));
      if (posix !== null) {
        at += posix[0].length;
        const named = posixTest(posix[2] as string) ?? refuse(`uses [:${posix[2]}:], which Retrace does not know`);
        add(posix[1] === '^' ? not(named) : named);
        continue;
      }
      if (take('[')) {
        add(bracket(depth + 1));
        continue;
      }
      const named = peek() === '\\' ? setClass() : undefined;
      if (named !== undefined) {
        add(named);
        continue;
      }
      const low = setPoint();
      if (peek() === '-' && peek(1) !== ']' && peek(1) !== '' && peek(1) !== '[') {
        at += 1;
        const high = setPoint();
        if (high < low) refuse('has a range that ends before it begins');
        add(within(low, high));
      } else add(equals(low));
    }
    at += 1;
    const tests = sets.map((tests) => (tests.length === 0 ? () => false : either(tests)));
    const all: Test = tests.length === 1 ? (tests[0] as Test) : (c) => tests.every((test) => test(c));
    return negative ? not(all) : all;
  }

  function setClass(): Test | undefined {
    at += 1;
    const found = escapedClass('in a set');
    if (found === undefined) at -= 1;
    return found;
  }

  function setPoint(): number {
    if (!take('\\')) return (text[at++] as string).codePointAt(0) as number;
    if (take('b')) return 8;
    return escapedPoint();
  }

  const tree = choice({ ignoreCase: false, dotAll: false, extended: false }, 0);
  if (at < text.length) refuse('has ")" without "("');
  return tree;
}
