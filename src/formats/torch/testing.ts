// Pickles by hand, as pickletools names the opcodes: for tests and measurements that write what torch.save could have written, or never would.

const utf8 = new TextEncoder();

/** Bytes, or text that stands for its bytes. */
export type Part = string | number | readonly Part[];

export const flat = (part: Part): number[] =>
  typeof part === 'string' ? [...utf8.encode(part)] : typeof part === 'number' ? [part] : part.flatMap(flat);

const little = (value: number): Part => [0, 8, 16, 24].map((shift) => (value >> shift) & 255);
export const text = (value: string): Part => ['X', little(utf8.encode(value).length), value];
export const global = (module: string, name: string): Part => ['c', `${module}\n${name}\n`];
export const int = (value: number): Part => ['J', little(value)];
export const tuple = (...items: readonly Part[]): Part => ['(', items, 't'];
export const dict = (...items: readonly Part[]): Part => ['}', '(', items, 'u'];

/** A whole pickle of protocol 2. */
export const pickle = (...parts: readonly Part[]): Uint8Array<ArrayBuffer> => Uint8Array.from(flat([0x80, 2, parts, '.']));

export interface PickledTensor {
  readonly storage?: string;
  readonly key?: string;
  readonly elements?: number;
  readonly offset?: Part;
  readonly shape?: Part;
  readonly strides?: Part;
  readonly rebuild?: string;
}

/** A tensor of four floats in storage 0, but for what is said otherwise. */
export const tensor = ({ storage = 'FloatStorage', key = '0', elements = 4, ...rest }: PickledTensor = {}): Part => [
  global('torch._utils', rest.rebuild ?? '_rebuild_tensor_v2'),
  '(',
  [tuple(text('storage'), global('torch', storage), text(key), text('cpu'), int(elements)), 'Q'],
  [rest.offset ?? int(0), rest.shape ?? tuple(int(4)), rest.strides ?? tuple(int(1)), 0x89],
  [global('collections', 'OrderedDict'), ')R', 't', 'R'],
];
