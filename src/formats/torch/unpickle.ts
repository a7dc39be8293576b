// A pickle machine that builds data and nothing else: the opcodes that torch.save writes, and the few globals of a state_dict, each of which stands
// for a value here. No name is looked up anywhere and nothing is called, so there is nothing that a pickle could run.
// Invariant: every opcode takes at least one byte and pushes at most one value, so that memory is bounded by the pickle's own size.

import { refuseTorch } from './refuse.ts';

/** A global that is known, by its name: what REDUCE applies, or a type. */
export class Global {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export class Tuple {
  readonly items: readonly Value[];
  constructor(items: readonly Value[]) {
    this.items = items;
  }
}

/** A global applied to its arguments: a tensor, a parameter, a torch.Size. */
export class Applied {
  readonly global: string;
  readonly items: readonly Value[];
  /** Of the opcode, in the pickle. */
  readonly at: number;
  constructor(global: string, items: readonly Value[], at: number) {
    this.global = global;
    this.items = items;
    this.at = at;
  }
}

/** What a persistent id names: the tuple ('storage', type, key, location, elements). */
export class Persistent {
  readonly items: readonly Value[];
  constructor(items: readonly Value[]) {
    this.items = items;
  }
}

export type Value = null | boolean | number | string | Value[] | Map<Value, Value> | Tuple | Global | Applied | Persistent;

const MARK = Symbol('mark');
type Slot = Value | typeof MARK;

const ORDERED_DICT = 'collections.OrderedDict';
const storages = ['Double', 'Float', 'Half', 'BFloat16', 'Long', 'Int', 'Short', 'Char', 'Byte', 'Bool'].map(
  (type) => `torch.${type}Storage`,
);
/** Types that have no storage of their own name are said beside an untyped one. */
const dtypes = ['float64', 'float32', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool'];
const lateDtypes = ['uint16', 'uint32', 'uint64', 'float8_e5m2', 'float8_e4m3fn'];
const GLOBALS = new Set([
  ...[ORDERED_DICT, 'torch.Size', 'torch.storage.UntypedStorage', 'torch.storage.TypedStorage', 'torch.nn.parameter.Parameter'],
  ...['_rebuild_tensor', '_rebuild_tensor_v2', '_rebuild_tensor_v3', '_rebuild_parameter', '_rebuild_parameter_with_state'].map(
    (name) => `torch._utils.${name}`,
  ),
  ...storages,
  ...[...dtypes, ...lateDtypes].map((name) => `torch.${name}`),
]);

/** More values than the largest state_dict has, at about 25 a tensor. */
const mostValues = 4_000_000;
const longestText = 64 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The value of a pickle. `place` is its name in errors. Errors: `torch-global`, `torch-opcode`, `torch-pickle`, `torch-limit`. */
export function unpickle(bytes: Uint8Array, place: string): Value {
  return new Machine(bytes, place).run();
}

class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #place: string;
  readonly #stack: Slot[] = [];
  readonly #memo = new Map<number, Value>();
  /** The next byte, and that of the opcode under way. */
  #at = 0;
  #opcode = 0;

  constructor(bytes: Uint8Array, place: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#place = place;
  }

  run(): Value {
    for (;;) {
      this.#opcode = this.#at;
      const code = this.u8();
      if (code === STOP) return this.pop();
      const step = opcodes[code];
      if (step === undefined) {
        const shown = `0x${code.toString(16).padStart(2, '0')}`;
        const message = `The pickle uses the instruction ${shown}, which torch.save does not write for plain weights; nothing of it was run.`;
        this.#refuse('opcode', message, 'Save the weights alone: torch.save(model.state_dict(), ...), or safetensors.');
      }
      step(this);
      if (this.#stack.length > mostValues || this.#memo.size > mostValues) {
        this.#refuse(
          'limit',
          `The pickle holds more than ${mostValues} values.`,
          'Save the weights alone: torch.save(model.state_dict(), ...).',
        );
      }
    }
  }

  #refuse(code: string, message: string, remedy: string): never {
    refuseTorch(code, message, `${this.#place}, byte ${this.#opcode}`, remedy);
  }

  /** The pickle contradicts itself. */
  broken(what: string): never {
    this.#refuse('pickle', `The pickle is damaged: ${what}.`, 'Download the file again, or use model.safetensors.');
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) this.broken(`${length} bytes are asked for where ${this.#bytes.length - at} are left`);
    this.#at += length;
    return at;
  }

  u8 = (): number => this.#view.getUint8(this.#take(1));
  u16 = (): number => this.#view.getUint16(this.#take(2), true);
  u32 = (): number => this.#view.getUint32(this.#take(4), true);
  i32 = (): number => this.#view.getInt32(this.#take(4), true);
  f64 = (): number => this.#view.getFloat64(this.#take(8));

  /** A little-endian two's complement integer of `length` bytes; beyond 2^53 the nearest number. */
  long(length: number): number {
    const at = this.#take(length);
    let value = 0;
    for (let i = length - 1; i >= 0; i--) value = value * 256 + (this.#bytes[at + i] as number);
    return length > 0 && (this.#bytes[at + length - 1] as number) >= 0x80 ? value - 256 ** length : value;
  }

  text(length: number): string {
    if (length > longestText) this.broken(`a text of ${length} bytes stands in it; at most ${longestText} are read`);
    const at = this.#take(length);
    try {
      return utf8.decode(this.#bytes.subarray(at, at + length));
    } catch {
      return this.broken('a text is not UTF-8');
    }
  }

  /** A text up to the next line break. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) this.broken('a name has no end');
    const text = this.text(end - this.#at);
    this.#take(1);
    return text;
  }

  skip(length: number): void {
    this.#take(length);
  }

  push(value: Value): void {
    this.#stack.push(value);
  }

  mark(): void {
    this.#stack.push(MARK);
  }

  pop(): Value {
    const value = this.#stack.pop();
    return value === undefined || value === MARK ? this.broken('a value is missing') : value;
  }

  popMany(count: number): Value[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  /** What stands above the last mark, which goes with it. */
  popToMark(): Value[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at < 0) this.broken('a mark is missing');
    return this.#stack.splice(at).slice(1) as Value[];
  }

  peek(): Value {
    const value = this.#stack.at(-1);
    return value === undefined || value === MARK ? this.broken('a value is missing') : value;
  }

  put(key: number): void {
    this.#memo.set(key, this.peek());
  }

  memoize(): void {
    this.put(this.#memo.size);
  }

  get(key: number): void {
    if (!this.#memo.has(key)) this.broken(`value ${key} of its memo is missing`);
    this.#stack.push(this.#memo.get(key) as Value);
  }

  global(module: string, name: string): void {
    const path = `${module}.${name}`;
    if (GLOBALS.has(path)) this.push(new Global(path));
    else {
      const message = `The pickle names ${JSON.stringify(path.slice(0, 200))}, which no plain state_dict holds; nothing of it was run.`;
      this.#refuse('global', message, 'Save the weights alone: torch.save(model.state_dict(), ...), or safetensors.');
    }
  }

  reduce(): void {
    const [callee, argument] = this.popMany(2);
    if (!(callee instanceof Global) || !(argument instanceof Tuple)) this.broken('what is applied is no known global');
    if (callee.name !== ORDERED_DICT) this.push(new Applied(callee.name, argument.items, this.#opcode));
    else if (argument.items.length === 0) this.push(new Map());
    else this.broken('an OrderedDict is made of arguments');
  }

  /** Attributes of an OrderedDict (`_metadata`, the versions of modules) say nothing about its items. */
  build(): void {
    this.pop();
    if (!(this.peek() instanceof Map)) this.broken('attributes are set on what is no OrderedDict');
  }

  persistent(): void {
    const id = this.pop();
    if (!(id instanceof Tuple)) this.broken('a storage is named by what is no tuple');
    this.push(new Persistent(id.items));
  }

  setItems(items: readonly Value[]): void {
    const into = this.peek();
    if (!(into instanceof Map) || items.length % 2 !== 0) this.broken('items are set in what is no dict');
    for (let i = 0; i < items.length; i += 2) into.set(items[i] as Value, items[i + 1] as Value);
  }

  append(items: readonly Value[]): void {
    const into = this.peek();
    if (!Array.isArray(into)) this.broken('items are appended to what is no list');
    for (const item of items) into.push(item);
  }
}

type Step = (m: Machine) => void;

const STOP = 46;

/** Protocols 2 to 5, as Python's pickletools names them. */
const opcodes: Readonly<Record<number, Step>> = {
  // PROTO, FRAME
  128: (m) => {
    if (m.u8() > 5) m.broken('its protocol is above 5');
  },
  149: (m) => m.skip(8),
  // NONE, NEWTRUE, NEWFALSE, BININT, BININT1, BININT2, LONG1, BINFLOAT
  78: (m) => m.push(null),
  136: (m) => m.push(true),
  137: (m) => m.push(false),
  74: (m) => m.push(m.i32()),
  75: (m) => m.push(m.u8()),
  77: (m) => m.push(m.u16()),
  138: (m) => m.push(m.long(m.u8())),
  71: (m) => m.push(m.f64()),
  // BINUNICODE, SHORT_BINUNICODE
  88: (m) => m.push(m.text(m.u32())),
  140: (m) => m.push(m.text(m.u8())),
  // EMPTY_TUPLE, MARK, TUPLE, TUPLE1 to TUPLE3
  41: (m) => m.push(new Tuple([])),
  40: (m) => m.mark(),
  116: (m) => m.push(new Tuple(m.popToMark())),
  133: (m) => m.push(new Tuple(m.popMany(1))),
  134: (m) => m.push(new Tuple(m.popMany(2))),
  135: (m) => m.push(new Tuple(m.popMany(3))),
  // EMPTY_DICT, SETITEM, SETITEMS; EMPTY_LIST, APPEND, APPENDS
  125: (m) => m.push(new Map()),
  115: (m) => m.setItems(m.popMany(2)),
  117: (m) => m.setItems(m.popToMark()),
  93: (m) => m.push([]),
  97: (m) => m.append(m.popMany(1)),
  101: (m) => m.append(m.popToMark()),
  // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
  113: (m) => m.put(m.u8()),
  114: (m) => m.put(m.u32()),
  148: (m) => m.memoize(),
  104: (m) => m.get(m.u8()),
  106: (m) => m.get(m.u32()),
  // GLOBAL, STACK_GLOBAL, REDUCE, BUILD, BINPERSID
  99: (m) => m.global(m.line(), m.line()),
  147: (m) => {
    const [module, name] = m.popMany(2);
    if (typeof module === 'string' && typeof name === 'string') m.global(module, name);
    else m.broken('a global is named by what is no text');
  },
  82: (m) => m.reduce(),
  98: (m) => m.build(),
  81: (m) => m.persistent(),
};
