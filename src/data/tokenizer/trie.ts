// Which of many words begin at a place of a text: Unigram's pieces and added tokens. A hash table from (node, UTF-16 unit) to node in three typed
// arrays, so that a vocabulary of 250,000 pieces takes megabytes and not hundreds of them. Invariant: a word is added once; the last value stays.

const EMPTY = -1;

/** A vocabulary of 256,000 pieces has 1.2 million nodes; these take 100 MB. */
const mostNodes = 4_000_000;

export class Trie {
  #nodes = 1;
  #used = 0;
  #from = new Int32Array(1024).fill(EMPTY);
  #unit = new Uint16Array(1024);
  #to = new Int32Array(1024);
  /** [nodes], the value of the word that ends at a node, or -1. */
  #value = new Int32Array(256).fill(EMPTY);

  /** `fail` throws, where the words are too many. */
  constructor(private readonly fail: (why: string) => never) {}

  #slot(node: number, unit: number): number {
    const mask = this.#from.length - 1;
    let slot = (Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & mask;
    while (this.#from[slot] !== EMPTY && (this.#from[slot] !== node || this.#unit[slot] !== unit)) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [from, unit, to] = [this.#from, this.#unit, this.#to];
    this.#from = new Int32Array(from.length * 2).fill(EMPTY);
    this.#unit = new Uint16Array(from.length * 2);
    this.#to = new Int32Array(from.length * 2);
    from.forEach((node, i) => {
      if (node === EMPTY) return;
      const slot = this.#slot(node, unit[i] as number);
      this.#from[slot] = node;
      this.#unit[slot] = unit[i] as number;
      this.#to[slot] = to[i] as number;
    });
  }

  add(word: string, value: number): void {
    let node = 0;
    for (let i = 0; i < word.length; i++) {
      const unit = word.charCodeAt(i);
      let slot = this.#slot(node, unit);
      if (this.#from[slot] === EMPTY) {
        if (this.#nodes >= mostNodes) this.fail(`has tokens whose beginnings are more than ${mostNodes} in all`);
        if (this.#used * 2 >= this.#from.length) {
          this.#grow();
          slot = this.#slot(node, unit);
        }
        if (this.#nodes === this.#value.length) {
          const wider = new Int32Array(this.#nodes * 2).fill(EMPTY);
          wider.set(this.#value);
          this.#value = wider;
        }
        this.#from[slot] = node;
        this.#unit[slot] = unit;
        this.#to[slot] = this.#nodes++;
        this.#used += 1;
      }
      node = this.#to[slot] as number;
    }
    this.#value[node] = value;
  }

  /** The node after `unit`, or -1. The root is 0. */
  next(node: number, unit: number): number {
    const slot = this.#slot(node, unit);
    return this.#from[slot] === EMPTY ? -1 : (this.#to[slot] as number);
  }

  /** The value of the word that ends at `node`, or -1. */
  value(node: number): number {
    return this.#value[node] as number;
  }
}
