// Regular expressions as Python's `re` reads them, for the module names that an adapter_config.json chooses by one. Not a general engine: groups
// are not captured, and what needs more than the set of places where a match may end (back-references, atomic groups, ...) is refused by name.
// Invariant: each part is tried once from each place of the text, so that no pattern takes more than polynomial time, and none more than `mostWork`.

/** What is wrong with a pattern, for the caller to say where it stands. */
export class PatternError extends Error {}

/** A set of places in a text: before its first character is 0. */
type Places = readonly number[];

type Node =
  | { readonly kind: 'set'; has(character: string): boolean }
  | { readonly kind: 'start' | 'end' | 'boundary' | 'inside' | 'nothing' }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly from: number; readonly to: number }
  | { readonly kind: 'look'; readonly part: Node; readonly ahead: boolean; readonly wanted: boolean };

/** Longest pattern, longest text and deepest nesting that are read. */
const mostCharacters = 4096;
const mostDepth = 64;
/** Places looked at by one pattern, over all the names that it is asked of: a hundred times what PEFT's own examples take for 300 layers. */
const mostWork = 10_000_000;

const isDigit = (c: string) => c >= '0' && c <= '9';
const isWord = (c: string) => /^[\p{L}\p{N}_]$/u.test(c);
/** Python counts the four separators of ASCII too. */
const isSpace = (c: string) => /^\s$/.test(c) || (c >= '\x1c' && c <= '\x1f');
const classes: Readonly<Record<string, (c: string) => boolean>> = { d: isDigit, w: isWord, s: isSpace };
const controls: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\x07' };

class Parser {
  readonly #pattern: string;
  #at = 0;
  #depth = 0;
  #ignoreCase = false;

  constructor(pattern: string) {
    if (pattern.length > mostCharacters) throw new PatternError(`it has ${pattern.length} characters; at most ${mostCharacters} are read`);
    this.#pattern = pattern;
  }

  whole(): Node {
    const flags = /^\(\?([a-zA-Z]+)\)/.exec(this.#pattern);
    if (flags) {
      const other = [...(flags[1] as string)].find((flag) => !'iu'.includes(flag));
      if (other !== undefined) throw new PatternError(`its flag (?${other}) is not supported`);
      this.#ignoreCase = (flags[1] as string).includes('i');
      this.#at = flags[0].length;
    }
    const node = this.#choice();
    if (this.#at < this.#pattern.length) throw new PatternError(`its ')' at ${this.#at} closes nothing`);
    return node;
  }

  #next(): string {
    return this.#pattern[this.#at] ?? '';
  }

  #takes(text: string): boolean {
    if (!this.#pattern.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #choice(): Node {
    const parts = [this.#sequence()];
    while (this.#takes('|')) parts.push(this.#sequence());
    return parts.length === 1 ? (parts[0] as Node) : { kind: 'choice', parts };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#at < this.#pattern.length && this.#next() !== '|' && this.#next() !== ')') parts.push(this.#repeated());
    return { kind: 'sequence', parts };
  }

  #repeated(): Node {
    const begin = this.#at;
    const part = this.#atom();
    const count = /^(?:[*+?]|\{(?:\d+(?:,\d*)?|,\d*)\})/.exec(this.#pattern.slice(this.#at))?.[0];
    if (count === undefined) return part;
    this.#at += count.length;
    if (this.#takes('+')) throw new PatternError(`its possessive repeat at ${begin} is not supported`);
    // Lazy or not, the same texts match.
    this.#takes('?');
    if (/^[*+?]/.test(this.#next())) throw new PatternError(`its repeat at ${this.#at} repeats a repeat`);
    if (count === '*') return { kind: 'repeat', part, from: 0, to: Number.POSITIVE_INFINITY };
    if (count === '+') return { kind: 'repeat', part, from: 1, to: Number.POSITIVE_INFINITY };
    if (count === '?') return { kind: 'repeat', part, from: 0, to: 1 };
    const [from, to] = count.slice(1, -1).split(',');
    const least = Number(from || 0);
    const most = to === undefined ? least : to === '' ? Number.POSITIVE_INFINITY : Number(to);
    if (most < least) throw new PatternError(`its repeat at ${begin} has a least count above its most`);
    return { kind: 'repeat', part, from: least, to: most };
  }

  #set(has: (c: string) => boolean): Node {
    const either = (c: string) => has(c) || has(c.toLowerCase()) || has(c.toUpperCase());
    return { kind: 'set', has: this.#ignoreCase ? either : has };
  }

  #atom(): Node {
    const c = this.#next();
    const at = this.#at++;
    if (c === '.') return { kind: 'set', has: (other) => other !== '\n' };
    if (c === '^') return { kind: 'start' };
    if (c === '$') return { kind: 'end' };
    if (c === '(') return this.#group(at);
    if (c === '[') return this.#bracket(at);
    if (c === '\\') return this.#escape(at);
    if ('*+?'.includes(c)) throw new PatternError(`its '${c}' at ${at} repeats nothing`);
    return this.#set((other) => other === c);
  }

  #group(at: number): Node {
    if (++this.#depth > mostDepth) throw new PatternError(`its groups are nested more than ${mostDepth} deep`);
    const look = ['(?=', '(?!', '(?<=', '(?<!'].find((opening) => this.#pattern.startsWith(opening, at));
    if (look !== undefined) this.#at = at + look.length;
    else if (this.#takes('?') && !this.#takes(':')) {
      const named = /^P<[A-Za-z_]\w*>/.exec(this.#pattern.slice(this.#at));
      if (!named) throw new PatternError(`its group '${this.#pattern.slice(at, at + 4)}' at ${at} is not supported`);
      this.#at += named[0].length;
    }
    const part = this.#choice();
    if (!this.#takes(')')) throw new PatternError(`its '(' at ${at} is not closed`);
    this.#depth--;
    return look === undefined ? part : { kind: 'look', part, ahead: !look.includes('<'), wanted: look.endsWith('=') };
  }

  #escape(at: number): Node {
    const c = this.#next();
    if (c === '') throw new PatternError('it ends in a backslash');
    this.#at++;
    if (c === 'A') return { kind: 'start' };
    if (c === 'Z') return { kind: 'nothing' };
    if (c === 'b') return { kind: 'boundary' };
    if (c === 'B') return { kind: 'inside' };
    const named = classes[c.toLowerCase()];
    if (named) return { kind: 'set', has: c === c.toLowerCase() ? named : (other) => !named(other) };
    const literal = controls[c] ?? c;
    if (literal === c && /[A-Za-z0-9]/.test(c)) throw new PatternError(`its escape \\${c} at ${at} is not supported`);
    return this.#set((other) => other === literal);
  }

  /** A character in brackets, or a class. */
  #member(at: number): string | ((c: string) => boolean) {
    const c = this.#next();
    if (c === '') throw new PatternError(`its '[' at ${at} is not closed`);
    this.#at++;
    if (c !== '\\') return c;
    const escaped = this.#next();
    this.#at++;
    const named = classes[escaped.toLowerCase()];
    if (named) return escaped === escaped.toLowerCase() ? named : (other) => !named(other);
    if (escaped === 'b') return '\b';
    if (controls[escaped] === undefined && (escaped === '' || /[A-Za-z0-9]/.test(escaped)))
      throw new PatternError(`its escape \\${escaped} at ${this.#at - 2} is not supported`);
    return controls[escaped] ?? escaped;
  }

  #bracket(at: number): Node {
    const not = this.#takes('^');
    const tests: ((c: string) => boolean)[] = [];
    for (let first = true; first || this.#next() !== ']'; first = false) {
      const from = this.#member(at);
      const ranges = this.#next() === '-' && this.#pattern[this.#at + 1] !== ']' && this.#pattern[this.#at + 1] !== undefined;
      if (!ranges) {
        tests.push(typeof from === 'string' ? (c) => c === from : from);
        continue;
      }
      this.#at++;
      const to = this.#member(at);
      if (typeof from !== 'string' || typeof to !== 'string' || from > to) throw new PatternError(`its range at ${at} has no order`);
      tests.push((c) => c >= from && c <= to);
    }
    this.#at++;
    const any = this.#set((c) => tests.some((test) => test(c)));
    return not && any.kind === 'set' ? { kind: 'set', has: (c) => !any.has(c) } : any;
  }
}

interface Budget {
  work: number;
}

/** One text against one pattern: where each part may end, by where it begins. */
class Match {
  readonly #text: string;
  readonly #known = new Map<Node, (Places | undefined)[]>();
  readonly #budget: Budget;

  constructor(text: string, budget: Budget) {
    if (text.length > mostCharacters) throw new PatternError(`a name of ${text.length} characters is not matched`);
    this.#text = text;
    this.#budget = budget;
  }

  /** Places where `node` may end, begun at any of `begins`. */
  ends(node: Node, begins: Places): Places {
    if (begins.length === 1) return this.#from(node, begins[0] as number);
    const marked = new Uint8Array(this.#text.length + 1);
    for (const place of begins) for (const end of this.#from(node, place)) marked[end] = 1;
    this.#spend(marked.length);
    return placesOf(marked);
  }

  #spend(places: number): void {
    this.#budget.work += places;
    if (this.#budget.work > mostWork) throw new PatternError('it takes too many steps to match');
  }

  #from(node: Node, place: number): Places {
    const known = this.#known.get(node) ?? [];
    this.#known.set(node, known);
    known[place] ??= this.#compute(node, place);
    this.#spend(1 + known[place].length);
    return known[place];
  }

  #compute(node: Node, place: number): Places {
    const here = [place];
    const last = this.#text.length;
    if (node.kind === 'set') return place < last && node.has(this.#text[place] as string) ? [place + 1] : [];
    if (node.kind === 'start') return place === 0 ? here : [];
    if (node.kind === 'nothing') return place === last ? here : [];
    if (node.kind === 'end') return place === last || (place === last - 1 && this.#text[place] === '\n') ? here : [];
    if (node.kind === 'choice') return union(node.parts.map((part) => this.#from(part, place)));
    if (node.kind === 'sequence') return node.parts.reduce<Places>((begins, part) => this.ends(part, begins), here);
    if (node.kind === 'repeat') return this.#repeat(node.part, here, node.from, node.to);
    if (node.kind === 'look') return this.#looks(node.part, node.ahead, place) === node.wanted ? here : [];
    const [before, after] = [this.#text[place - 1], this.#text[place]].map((c) => c !== undefined && isWord(c));
    return (before !== after) === (node.kind === 'boundary') ? here : [];
  }

  /** After as many rounds as the text has places, a further one finds nothing new: so many are enough for any count. */
  #repeat(part: Node, begin: Places, from: number, to: number): Places {
    const rounds = this.#text.length + 1;
    let reached = begin;
    for (let i = 0; i < Math.min(from, rounds) && reached.length > 0; i++) reached = this.ends(part, reached);
    const all = new Uint8Array(rounds);
    for (const place of reached) all[place] = 1;
    for (let i = from; i < Math.min(to, from + rounds) && reached.length > 0; i++) {
      reached = this.ends(part, reached).filter((place) => all[place] === 0);
      for (const place of reached) all[place] = 1;
    }
    return placesOf(all);
  }

  #looks(part: Node, ahead: boolean, place: number): boolean {
    if (ahead) return this.#from(part, place).length > 0;
    for (let begin = 0; begin <= place; begin++) if (this.#from(part, begin).includes(place)) return true;
    return false;
  }
}

function placesOf(marked: Uint8Array): Places {
  const places: number[] = [];
  for (let place = 0; place < marked.length; place++) if (marked[place] === 1) places.push(place);
  return places;
}

const union = (sets: readonly Places[]): Places => [...new Set(sets.flat())];

/** Whether a text matches from its first to its last character, as `re.fullmatch` has it. Errors, here and then: `PatternError`. */
export function fullMatcher(pattern: string): (text: string) => boolean {
  const node = new Parser(pattern).whole();
  const budget: Budget = { work: 0 };
  return (text) => new Match(text, budget).ends(node, [0]).includes(text.length);
}
