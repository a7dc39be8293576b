// What torch.save wrote of a state_dict (pytorch_model.bin, adapter_model.bin), as a file of named tensors: the archive's one pickle says what each
// tensor is, its storages are records that are read by ranges. Knows no model. Invariant: a tensor's elements lie within the record of its storage.

import type { ByteSource } from '../bytes.ts';
import { DTYPE_BYTES, type Dtype, elementsOf, type TensorEntry, type TensorFile } from '../tensor_file.ts';
import { readRecords, type TorchRecord } from './archive.ts';
import { convertLine, DOWNLOAD_AGAIN, refuseTorch } from './refuse.ts';
import { Applied, Global, Persistent, Tuple, unpickle, type Value } from './unpickle.ts';

/** A state_dict of ten thousand tensors takes about 2 MB. */
const mostPickleBytes = 32 * 2 ** 20;
const mostDimensions = 8;
/** A tensor may repeat elements by a stride of 0, and then be larger than its storage: to this many bytes. */
const mostExpandedBytes = 256 * 2 ** 20;

const storageDtypes: Readonly<Record<string, Dtype>> = {
  'torch.DoubleStorage': 'F64',
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
  'torch.storage.UntypedStorage': 'U8',
};

const namedDtypes: Readonly<Record<string, Dtype>> = {
  'torch.float64': 'F64',
  'torch.float32': 'F32',
  'torch.float16': 'F16',
  'torch.bfloat16': 'BF16',
  'torch.int64': 'I64',
  'torch.int32': 'I32',
  'torch.int16': 'I16',
  'torch.int8': 'I8',
  'torch.uint8': 'U8',
  'torch.uint16': 'U16',
  'torch.uint32': 'U32',
  'torch.uint64': 'U64',
  'torch.bool': 'BOOL',
  'torch.float8_e5m2': 'F8_E5M2',
  'torch.float8_e4m3fn': 'F8_E4M3',
};

/** First bytes of what torch.save wrote before 1.6, or since when asked to: a pickle of the number 0x1950a86a20f9469cfc6c. */
const LEGACY_MAGIC = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/** Names what is no archive. The older forms hold the same pickles, but their tensors can be found only by reading all of it. */
async function refuseOtherForms(source: ByteSource): Promise<void> {
  const { name, size } = source;
  const head = await source.read(0, Math.min(size, 512));
  if (head[0] === 0x50 && head[1] === 0x4b) return;
  const where = `${name}, byte 0`;
  const convert = `Save it again with a PyTorch of today, in its folder: ${convertLine(name)}`;
  const isTar = new TextDecoder('latin1').decode(head.subarray(257, 262)) === 'ustar';
  if (isTar) refuseTorch('legacy', `${name} is in the tar form that PyTorch wrote before 0.2.`, where, convert);
  if (head[0] === 0x80 && LEGACY_MAGIC.every((byte, i) => head[2 + i] === byte)) {
    refuseTorch('legacy', `${name} is in the legacy form that PyTorch wrote before 1.6: pickles in a row, no archive.`, where, convert);
  }
  if (head[0] === 0x80) {
    refuseTorch(
      'not-torch',
      `${name} is a plain pickle, which is a program; it was not opened.`,
      where,
      'Use the weights that torch.save wrote.',
    );
  }
  const shown = [...head.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const what = head.length === 0 ? 'is empty' : `begins with ${shown}`;
  const lfs = new TextDecoder('latin1').decode(head.subarray(0, 20)).startsWith('version https://git-');
  refuseTorch(
    'not-torch',
    lfs ? `${name} is the pointer of a Git LFS file, not the file.` : `${name} ${what}; an archive of torch.save begins with 50 4b 03 04.`,
    where,
    lfs ? 'Fetch the file itself: git lfs pull, or download it from the hub.' : DOWNLOAD_AGAIN,
  );
}

/** Opens the file: its directory and its pickle are read, no weight is. Errors: `torch-*`, each naming the byte. */
export async function openTorchFile(source: ByteSource): Promise<TensorFile> {
  await refuseOtherForms(source);
  const records = await readRecords(source);
  const { name } = source;
  const pickle = records.get('data.pkl');
  if (records.has('constants.pkl')) {
    refuseTorch('script', `${name} is a TorchScript program, not weights.`, name, 'Save the weights: torch.save(model.state_dict(), ...).');
  }
  if (!pickle) refuseTorch('damaged', `${name} has no data.pkl among its ${records.size} records.`, name, DOWNLOAD_AGAIN);
  const pickleBytes = pickle.end - pickle.begin;
  if (pickleBytes > mostPickleBytes) {
    const remedy = 'Save the weights alone: torch.save(model.state_dict(), ...).';
    refuseTorch(
      'limit',
      `The pickle of ${name} has ${pickleBytes} bytes; at most ${mostPickleBytes} are read.`,
      `${name}, data.pkl`,
      remedy,
    );
  }
  const order = records.get('byteorder');
  const byteorder = order && order.end - order.begin <= 16 ? new TextDecoder().decode(await source.read(order.begin, order.end)) : 'little';
  if (byteorder !== 'little' && byteorder !== 'big') {
    refuseTorch('damaged', `${name} says the byte order ${JSON.stringify(byteorder)}.`, `${name}, byteorder`, DOWNLOAD_AGAIN);
  }
  const place = `${name}, data.pkl`;
  const state = unpickle(await source.read(pickle.begin, pickle.end), place);
  const { dict, path, passedOver } = findStateDict(state, place);
  const reader = new TensorReader(records, place);
  const entries: TensorEntry[] = [];
  for (const [key, value] of dict) if (typeof key === 'string' && isTensor(value)) entries.push(reader.entry(key, value));
  entries.sort((a, b) => a.begin - b.begin);
  return {
    format: 'torch',
    metadata: {},
    tensors: new Map(entries.map((entry) => [entry.name, entry])),
    source,
    bigEndian: byteorder === 'big',
    notes: [
      ...(path.length > 0 ? [`${name}: the weights are those under ${path.map((key) => `'${key}'`).join(', ')}.`] : []),
      ...(passedOver > 0 ? [`${name}: ${passedOver} entries that are no tensors were passed over.`] : []),
    ],
  };
}

const isTensor = (value: Value): value is Applied => value instanceof Applied && value.global.startsWith('torch._utils._rebuild_');

const tensorsIn = (value: Value | undefined): number =>
  value instanceof Map ? [...value].filter(([key, item]) => typeof key === 'string' && isTensor(item)).length : 0;

/** Where people who save more than a state_dict put it, the likeliest first. */
const knownKeys = ['state_dict', 'model_state_dict', 'model', 'module', 'net', 'weights'];

/** The dict of tensors: the value itself, or what stands in it under a known key, two levels down at most. */
function findStateDict(state: Value, place: string): { dict: Map<Value, Value>; path: string[]; passedOver: number } {
  let found = state;
  const path: string[] = [];
  while (found instanceof Map && tensorsIn(found) === 0 && path.length < 2) {
    const within: Map<Value, Value> = found;
    const key = knownKeys.find((known) => within.get(known) instanceof Map) ?? [...within].find(([, item]) => tensorsIn(item) > 0)?.[0];
    if (typeof key !== 'string') break;
    found = within.get(key) as Value;
    path.push(key);
  }
  const count = tensorsIn(found);
  if (found instanceof Map && count > 0) return { dict: found, path, passedOver: found.size - count };
  const keys = state instanceof Map ? [...state.keys()].filter((key) => typeof key === 'string').slice(0, 8) : [];
  const holds = keys.length > 0 ? `it holds ${keys.map((key) => JSON.stringify(key.slice(0, 60))).join(', ')}` : 'it holds no dict';
  const remedy = 'Save the weights alone: torch.save(model.state_dict(), ...).';
  return refuseTorch('no-tensors', `The file holds no tensors by name: ${holds}.`, place, remedy);
}

const isCount = (value: Value | undefined): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

interface Storage {
  readonly dtype: Dtype;
  readonly record: TorchRecord;
  readonly elements: number;
}

/** Tensors as the pickle describes them, checked against the records of their storages. */
class TensorReader {
  readonly #records: ReadonlyMap<string, TorchRecord>;
  readonly #place: string;

  constructor(records: ReadonlyMap<string, TorchRecord>, place: string) {
    this.#records = records;
    this.#place = place;
  }

  #refuse(name: string, at: number, what: string): never {
    refuseTorch('tensor', `Tensor ${name.slice(0, 200)} ${what}.`, `${this.#place}, byte ${at}`, DOWNLOAD_AGAIN);
  }

  entry(name: string, value: Applied): TensorEntry {
    let tensor = value;
    // A parameter is made of its tensor; of one more level nothing is known.
    if (value.global.startsWith('torch._utils._rebuild_parameter')) {
      const inner = value.items[0];
      if (!(inner instanceof Applied)) this.#refuse(name, value.at, 'is a parameter without a tensor');
      tensor = inner;
    }
    const { global, at, items } = tensor;
    const late = global === 'torch._utils._rebuild_tensor_v3';
    if (!late && global !== 'torch._utils._rebuild_tensor_v2' && global !== 'torch._utils._rebuild_tensor') {
      this.#refuse(name, at, `is made by ${global}`);
    }
    const [stored, offset, size, stride] = items;
    const untyped = this.#storage(name, at, stored);
    const typed = late ? this.#dtypeOf(name, at, items[6]) : untyped.dtype;
    const bits = items[late ? 7 : 6];
    if (bits instanceof Map && bits.size > 0) this.#refuse(name, at, 'is a view with its sign or its conjugate turned');
    const shape = this.#counts(name, at, size, 'shape');
    const strides = this.#counts(name, at, stride, 'strides');
    if (!isCount(offset)) this.#refuse(name, at, 'has no offset in its storage');
    if (strides.length !== shape.length) this.#refuse(name, at, `has ${shape.length} dimensions and ${strides.length} strides`);
    return this.#entryOf(name, at, { ...untyped, dtype: typed }, offset, shape, strides);
  }

  #storage(name: string, at: number, value: Value | undefined): Storage {
    const [kind, type, key, , elements] = value instanceof Persistent ? value.items : [];
    const dtype = type instanceof Global && Object.hasOwn(storageDtypes, type.name) ? storageDtypes[type.name] : undefined;
    if (kind !== 'storage' || dtype === undefined || typeof key !== 'string' || !isCount(elements)) {
      this.#refuse(name, at, 'names no storage of a known type');
    }
    const record = this.#records.get(`data/${key}`);
    if (!record) this.#refuse(name, at, `lies in the storage ${JSON.stringify(key.slice(0, 60))}, which the archive lacks`);
    const bytes = record.end - record.begin;
    if (elements * DTYPE_BYTES[dtype] !== bytes) {
      this.#refuse(name, at, `lies in a storage of ${elements} elements (${dtype}), but the record data/${key} has ${bytes} bytes`);
    }
    return { dtype, record, elements };
  }

  #dtypeOf(name: string, at: number, value: Value | undefined): Dtype {
    const dtype = value instanceof Global && Object.hasOwn(namedDtypes, value.name) ? namedDtypes[value.name] : undefined;
    return dtype ?? this.#refuse(name, at, 'has no known type');
  }

  #counts(name: string, at: number, value: Value | undefined, what: string): number[] {
    // torch.Size is a tuple of its own name.
    const sized = value instanceof Applied && value.global === 'torch.Size' ? value.items[0] : value;
    if (!(sized instanceof Tuple) || !sized.items.every(isCount)) this.#refuse(name, at, `has ${what} that are no whole numbers from 0`);
    if (sized.items.length > mostDimensions)
      this.#refuse(name, at, `has ${sized.items.length} dimensions; at most ${mostDimensions} are read`);
    return sized.items as number[];
  }

  #entryOf(name: string, at: number, storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]): TensorEntry {
    const { dtype, record } = storage;
    const size = DTYPE_BYTES[dtype];
    const begin = record.begin + offset * size;
    const count = elementsOf(shape);
    const last = shape.reduce((sum, length, d) => sum + (length - 1) * (strides[d] as number), offset);
    const end = count === 0 ? begin : record.begin + (last + 1) * size;
    if (begin > record.end || end > record.end) {
      this.#refuse(name, at, `reaches to byte ${end - record.begin} of its storage, which has ${record.end - record.begin}`);
    }
    if (count * size > Math.max(record.end - record.begin, mostExpandedBytes)) {
      this.#refuse(name, at, `has ${count} elements, out of a storage of ${storage.elements}`);
    }
    const entry = { name, dtype, shape, begin, end };
    return isRowMajor(shape, strides) ? entry : { ...entry, strides };
  }
}

/** Whether the elements lie one behind the other; the stride of a dimension of one element says nothing. */
function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    const length = shape[d] as number;
    if (length === 0) return true;
    if (length > 1 && strides[d] !== expected) return false;
    expected *= length;
  }
  return true;
}
