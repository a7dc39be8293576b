// Finds a pattern's matches in a text by backtracking, as Oniguruma does, with every step counted: JavaScript's own RegExp has other Unicode tables,
// another syntax, and no way to stop it. Invariant: the first match in the order of the pattern's alternatives wins, not the longest.

import { codePoints } from '../unicode/code_points.ts';
import type { Work } from '../work.ts';
import type { Test } from './classes.ts';
import { readPattern, type Tree } from './syntax.ts';

/** The end of the match that goes on from `i`, or -1. */
type Go = (i: number) => number;

/** Rounds of a group in one another; only groups that repeat go deeper with the text, and no known pattern has one that goes so deep. */
const MOST_DEPTH = 3_000;

export class Pattern {
  readonly #start: Go;
  #text = '';
  #work: Work | undefined;
  #depth = 0;

  /** `where` names the pattern in errors; `fail` throws for what cannot be read. */
  constructor(
    source: string,
    readonly where: string,
    fail: (why: string) => never,
  ) {
    this.#start = this.#compile(readPattern(source, fail), (i) => i, fail);
  }

  /** All matches from left to right, empty ones too, but none that is empty right behind another. Error: `tokenizer-too-slow`. */
  *matches(text: string, work: Work): Generator<readonly [begin: number, end: number]> {
    let from = 0;
    let lastEnd = -1;
    while (from <= text.length) {
      const found = this.#search(text, from, work);
      if (found === undefined) return;
      const [begin, end] = found;
      if (begin === end && end === lastEnd) {
        from += widthAt(text, from);
        continue;
      }
      from = end;
      lastEnd = end;
      yield found;
    }
  }

  #search(text: string, from: number, work: Work): readonly [number, number] | undefined {
    this.#text = text;
    this.#work = work;
    this.#depth = 0;
    for (let i = from; i <= text.length; i += widthAt(text, i)) {
      work.spend(1, this.where);
      const end = this.#from(i, work);
      if (end >= 0) return [i, end];
    }
    return undefined;
  }

  #from(i: number, work: Work): number {
    try {
      return this.#start(i);
    } catch (thrown) {
      // The call stack ended: too deep for here, and for a step count too.
      if (thrown instanceof RangeError) work.spend(Number.POSITIVE_INFINITY, this.where);
      throw thrown;
    }
  }

  #step(): void {
    this.#work?.spend(1, this.where);
  }

  #compile(tree: Tree, next: Go, fail: (why: string) => never): Go {
    switch (tree.kind) {
      case 'one':
        return (i) => {
          this.#step();
          return i < this.#text.length && tree.test(this.#text.codePointAt(i) as number) ? next(i + widthAt(this.#text, i)) : -1;
        };
      case 'sequence':
        return tree.parts.reduceRight<Go>((go, part) => this.#compile(part, go, fail), next);
      case 'choice': {
        const options = tree.parts.map((part) => this.#compile(part, next, fail));
        return (i) => {
          this.#step();
          for (const option of options) {
            const end = option(i);
            if (end >= 0) return end;
          }
          return -1;
        };
      }
      case 'repeat':
        if (tree.mode === 'possessive') {
          const alone = this.#compile({ ...tree, mode: 'greedy' }, (i) => i, fail);
          return (i) => {
            const end = alone(i);
            return end < 0 ? -1 : next(end);
          };
        }
        return tree.body.kind === 'one' ? this.#repeatOne(tree.body.test, tree, next) : this.#repeat(tree, next, fail);
      case 'atomic': {
        const body = this.#compile(tree.body, (i) => i, fail);
        return (i) => {
          const end = body(i);
          return end < 0 ? -1 : next(end);
        };
      }
      case 'look':
        return this.#look(tree, next, fail);
      case 'edge':
        return (i) => (this.#atEdge(tree.edge, i) ? next(i) : -1);
    }
  }

  /** One character over and over, without a call for each. */
  #repeatOne(test: Test, { least, most, mode }: { least: number; most: number; mode: string }, next: Go): Go {
    const fits = (j: number): boolean => {
      this.#step();
      return j < this.#text.length && test(this.#text.codePointAt(j) as number);
    };
    return (i) => {
      let count = 0;
      let j = i;
      const goal = mode === 'lazy' ? least : most;
      while (count < goal && fits(j)) {
        j += widthAt(this.#text, j);
        count += 1;
      }
      if (mode === 'lazy') {
        if (count < least) return -1;
        for (;;) {
          const end = next(j);
          if (end >= 0) return end;
          if (count >= most || !fits(j)) return -1;
          j += widthAt(this.#text, j);
          count += 1;
        }
      }
      for (; count >= least; count--) {
        const end = next(j);
        if (end >= 0) return end;
        this.#step();
        j -= isLow(this.#text, j - 1) ? 2 : 1;
      }
      return -1;
    };
  }

  /** A group over and over. An empty round ends it. */
  #repeat(
    { body, least, most, mode }: { body: Tree; least: number; most: number; mode: string },
    next: Go,
    fail: (why: string) => never,
  ): Go {
    let count = 0;
    let last = -1;
    const kept = (go: () => number, nextCount: number, nextLast: number): number => {
      const [wasCount, wasLast] = [count, last];
      [count, last] = [nextCount, nextLast];
      const end = go();
      if (end < 0) [count, last] = [wasCount, wasLast];
      return end;
    };
    const loop: Go = (i) => {
      this.#step();
      const more = (): number => (count < most && !(count >= least && i === last) ? kept(() => round(i), count + 1, i) : -1);
      const leave = (): number => (count >= least ? kept(() => next(i), 0, -1) : -1);
      if (this.#depth++ > MOST_DEPTH) this.#work?.spend(Number.POSITIVE_INFINITY, this.where);
      const [first, second] = mode === 'lazy' ? [leave, more] : [more, leave];
      let end = first();
      if (end < 0) end = second();
      this.#depth--;
      return end;
    };
    const round = this.#compile(body, loop, fail);
    return (i) => kept(() => loop(i), 0, -1);
  }

  #look({ body, ahead, negative }: { body: Tree; ahead: boolean; negative: boolean }, next: Go, fail: (why: string) => never): Go {
    if (ahead) {
      const go = this.#compile(body, (i) => i, fail);
      return (i) => (go(i) >= 0 !== negative ? next(i) : -1);
    }
    const options = body.kind === 'choice' ? body.parts : [body];
    const behind = options.map((option) => {
      const length = lengthOf(option) ?? fail('looks behind for something without a fixed length');
      return { length, go: this.#compile(option, (i) => i, fail) };
    });
    return (i) => {
      const found = behind.some(({ length, go }) => {
        let j = i;
        for (let n = 0; n < length; n++) {
          if (j === 0) return false;
          j -= isLow(this.#text, j - 1) ? 2 : 1;
        }
        return go(j) === i;
      });
      return found !== negative ? next(i) : -1;
    };
  }

  #atEdge(edge: Extract<Tree, { kind: 'edge' }>['edge'], i: number): boolean {
    const text = this.#text;
    const word = (j: number): boolean =>
      j >= 0 && j < text.length && codePoints('onigWord').has(text.codePointAt(isLow(text, j) ? j - 1 : j) as number);
    switch (edge) {
      case 'start':
        return i === 0;
      case 'end':
        return i === text.length;
      case 'line-start':
        return i === 0 || (text[i - 1] === '\n' && i < text.length);
      case 'line-end':
        return i === text.length || text[i] === '\n';
      case 'last-line-end':
        return i === text.length || (i === text.length - 1 && text[i] === '\n');
      case 'word':
        return word(i - 1) !== word(i);
      case 'no-word':
        return word(i - 1) === word(i);
    }
  }
}

/** UTF-16 units of the character at `i`, and 1 past the end. */
function widthAt(text: string, i: number): number {
  return (text.codePointAt(i) ?? 0) > 0xffff ? 2 : 1;
}

/** Whether the unit at `i` is the second half of a pair. Texts are well-formed here. */
function isLow(text: string, i: number): boolean {
  return (text.charCodeAt(i) & 0xfc00) === 0xdc00;
}

/** How many characters a tree always takes, or undefined. */
function lengthOf(tree: Tree): number | undefined {
  switch (tree.kind) {
    case 'one':
      return 1;
    case 'edge':
    case 'look':
      return 0;
    case 'atomic':
      return lengthOf(tree.body);
    case 'sequence':
      return tree.parts.reduce<number | undefined>((sum, part) => add(sum, lengthOf(part)), 0);
    case 'choice': {
      const [first, ...others] = tree.parts.map(lengthOf);
      return others.every((length) => length === first) ? first : undefined;
    }
    case 'repeat': {
      const once = lengthOf(tree.body);
      return tree.least === tree.most && once !== undefined ? once * tree.least : undefined;
    }
  }
}

const add = (a: number | undefined, b: number | undefined): number | undefined => (a === undefined || b === undefined ? undefined : a + b);
