// All that lives off the GPU in a run: the sparse adapters of its layers, behind calls by name. Synchronous; it stands in a worker of its own, or
// beside the executor in Node. Not here: how calls travel (remote.ts), what the GPU does with the answers (src/methods/sparse_adapter.ts).
// Invariant: answers depend on what was written and on the calls before, on nothing else.

import type { AdamStep } from './lazy_adam.ts';
import { bestProducts, type Products } from './products.ts';
import type { Routing, RoutingShape } from './routing.ts';
import { type Floats, fileRows, hostFloats, memoryRows, type RowFile, type RowStore } from './rows.ts';
import { type ParameterKind, type ParameterPart, parameterKinds, recordWidth, SparseAdapter } from './sparse_adapter.ts';

/** A part of the model that lives off the GPU. */
export interface OffloadedModule {
  /** Module path. */
  readonly path: string;
  readonly shape: RoutingShape;
}

/** Numbers that go to the GPU or come from it. */
export type HostArray = Floats | Uint32Array | Int32Array;

const hostCalls = ['retrieve', 'recall', 'return'] as const;

/**
 * - `retrieve`: (h, lengths) or nothing where a layer runs again -> what the forward pass needs;
 * - `recall`: what the gradient needs beside it;
 * - `return`: (d_out, u), under `union` q too: the factors of the gradients.
 */
export type HostQuestion = {
  readonly module: string;
  readonly call: (typeof hostCalls)[number];
  readonly firstExample: number;
  /** Tokens of the part of the batch, and of an example. */
  readonly tokens: number;
  readonly T: number;
  readonly training: boolean;
};

export type HostRequest = HostQuestion & { readonly reads: readonly HostArray[] };

/** The request that a program makes: what it asks, in plain values of which the program knows nothing, with the tensors that it sends along. */
export function hostRequest(question: Readonly<Record<string, unknown>>, reads: readonly HostArray[]): HostRequest {
  const { module, firstExample, tokens, T, training } = question;
  const call = hostCalls.find((name) => name === question['call']);
  if (call && typeof module === 'string' && typeof firstExample === 'number' && typeof tokens === 'number')
    if (typeof T === 'number' && typeof training === 'boolean') return { module, call, firstExample, tokens, T, training, reads };
  throw new Error(`no module off the GPU can answer ${JSON.stringify(question)}`);
}

/** What a step touched. */
export interface Touched {
  /** Rows that the step activated, of all layers, and rows that there are. */
  readonly rows: number;
  readonly of: number;
}

export interface HostBytes {
  readonly memory: number;
  readonly disk: number;
}

/** What a run asks of the place where its host parameters live. */
export interface HostParameters {
  answer(request: HostRequest): Promise<readonly HostArray[]>;
  /** Before the first micro-batch of a step. */
  begin(): Promise<void>;
  /** Of the step's gradients. */
  squareSum(): Promise<number>;
  update(step: AdamStep): Promise<Touched>;
  read(parameter: string, kind: ParameterKind): Promise<Float32Array<ArrayBuffer>>;
  write(parameter: string, kind: ParameterKind, values: Float32Array<ArrayBuffer>): Promise<void>;
  bytes(): Promise<HostBytes>;
  close(): Promise<void>;
}

export const recordBytes = ({ shape: { neurons, hidden_size } }: OffloadedModule): number => 4 * neurons * recordWidth(hidden_size);

/** Masters and moments of neurons and routers, and a step's gradients where it touches every row. */
export const hostBytes = (modules: readonly OffloadedModule[]): number =>
  modules.reduce((sum, module) => {
    const { neurons, experts, hidden_size: C } = module.shape;
    return sum + recordBytes(module) + 4 * C * (3 * experts + 2 * neurons + experts);
  }, 0);

/** Bytes of rows that stay in memory by default; those of further layers go to disk. */
export const rowMemory = 2 * 2 ** 30;

/** Modules whose rows go to files: those past the first `memoryBytes` of rows. */
export function onDisk(modules: readonly OffloadedModule[], memoryBytes: number): OffloadedModule[] {
  let used = 0;
  return modules.filter((module) => {
    used += recordBytes(module);
    return used > memoryBytes;
  });
}

export class Offload {
  readonly #adapters = new Map<string, SparseAdapter>();

  /** `files` by module path; the rest is in memory. */
  constructor(modules: readonly OffloadedModule[], files: ReadonlyMap<string, RowFile> = new Map(), products: Products = bestProducts()) {
    for (const { path, shape } of modules) {
      const width = recordWidth(shape.hidden_size);
      const file = files.get(path);
      const store: RowStore = file
        ? fileRows(shape.neurons, width, file)
        : memoryRows(shape.neurons, width, hostFloats(shape.neurons * width));
      this.#adapters.set(path, new SparseAdapter(shape, store, products));
    }
  }

  /** With adapters that stand already: a reference in f64, say. */
  static of(adapters: ReadonlyMap<string, SparseAdapter>): Offload {
    const offload = new Offload([]);
    for (const [path, adapter] of adapters) offload.#adapters.set(path, adapter);
    return offload;
  }

  #adapter(path: string): SparseAdapter {
    const adapter = this.#adapters.get(path);
    if (!adapter) throw new Error(`nothing named '${path}' lives off the GPU`);
    return adapter;
  }

  answer({ module, call, firstExample, tokens, T, training, reads }: HostRequest): HostArray[] {
    const adapter = this.#adapter(module);
    const { rule } = adapter.shape;
    if (call === 'return') {
      const [d_out, u, q] = reads as [Floats, Floats, Floats | undefined];
      adapter.accumulate(d_out, u, q, firstExample);
      return [];
    }
    const [h, lengths = []] = reads as [Floats | undefined, Uint32Array | undefined];
    const routing = adapter.routing(h, lengths, { firstExample, T, training });
    if (call === 'recall') return [adapter.gather('key', routing.rows), adapter.router.slice()];
    const values = adapter.gather('value', routing.rows);
    if (rule === 'union') return [values, adapter.gather('key', routing.rows), Uint32Array.of(routing.rows.length)];
    return [values, ...entriesOf(routing, tokens, adapter.shape.activated)];
  }

  begin(): void {
    for (const adapter of this.#adapters.values()) adapter.begin();
  }

  squareSum(): number {
    return [...this.#adapters.values()].reduce((sum, adapter) => sum + adapter.squareSum(), 0);
  }

  update(step: AdamStep): Touched {
    let [rows, of] = [0, 0];
    for (const adapter of this.#adapters.values()) {
      rows += adapter.touched;
      of += adapter.shape.neurons;
      adapter.update(step);
    }
    return { rows, of };
  }

  #parameter(name: string): [SparseAdapter, ParameterPart] {
    const dot = name.lastIndexOf('.');
    return [this.#adapter(name.slice(0, dot)), name.slice(dot + 1) as ParameterPart];
  }

  read(parameter: string, kind: ParameterKind): Floats {
    const [adapter, part] = this.#parameter(parameter);
    return adapter.read(part, kind);
  }

  write(parameter: string, kind: ParameterKind, values: Floats): void {
    if (!parameterKinds.includes(kind) || kind === 'gradient') throw new Error(`'${kind}' of '${parameter}' is not written`);
    const [adapter, part] = this.#parameter(parameter);
    adapter.write(part, kind, values);
  }

  bytes(): HostBytes {
    const sum = { memory: 0, disk: 0 };
    for (const adapter of this.#adapters.values()) {
      const { memory, disk } = adapter.bytes;
      sum.memory += memory;
      sum.disk += disk;
    }
    return sum;
  }

  close(): void {
    for (const adapter of this.#adapters.values()) adapter.close();
  }
}

/** Slots (with the expert in the upper 16 bits), scores of the experts and of the keys, [tokens, activated] each; 0 where there is no entry. */
function entriesOf({ tokens: used, counts, slots, expertOf, coefficients, scores }: Routing, tokens: number, K: number): HostArray[] {
  const Numbers = coefficients.constructor as Float32ArrayConstructor;
  const packed = new Uint32Array(tokens * K);
  const [s, q] = [new Numbers(tokens * K), new Numbers(tokens * K)];
  for (const [i, n] of used.entries()) {
    const count = counts[i] as number;
    for (let k = 0; k < count; k++) packed[n * K + k] = ((slots[i * K + k] as number) | ((expertOf[i * K + k] as number) << 16)) >>> 0;
    s.set(coefficients.subarray(i * K, i * K + count), n * K);
    q.set(scores.subarray(i * K, i * K + count), n * K);
  }
  return [packed, s, q];
}

/** The same thread answers: for Node, and where a page has no second worker. */
export function localParameters(offload: Offload): HostParameters {
  return {
    answer: async (request) => offload.answer(request),
    begin: async () => offload.begin(),
    squareSum: async () => offload.squareSum(),
    update: async (step) => offload.update(step),
    read: async (parameter, kind) => Float32Array.from(offload.read(parameter, kind)),
    write: async (parameter, kind, values) => offload.write(parameter, kind, values),
    bytes: async () => offload.bytes(),
    close: async () => offload.close(),
  };
}
