// The one allocator: every GPUBuffer passes through it, with the bytes that each category has in it. Its account is the only thing that is ever
// called a measurement of GPU memory here; no web API gives one.
// Invariant: live and peak are sums over buffers that exist or existed, nothing estimated.

import { type CategoryBytes, categories } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';

export interface BufferRequest {
  readonly label: string;
  readonly bytes: number;
  readonly usage: 'storage' | 'uniform' | 'readback';
  readonly categories: Readonly<Partial<CategoryBytes>>;
}

export interface Account {
  readonly live: CategoryBytes;
  readonly peak: CategoryBytes;
  readonly total: number;
  readonly peakTotal: number;
  readonly buffers: number;
}

// GPUBufferUsage, whose global is absent in Node.
const MAP_READ = 0x1;
const COPY_SRC = 0x4;
const COPY_DST = 0x8;
const UNIFORM = 0x40;
const STORAGE = 0x80;
const usages = { storage: STORAGE | COPY_SRC | COPY_DST, uniform: UNIFORM | COPY_DST, readback: MAP_READ | COPY_DST } as const;

const zero = (): CategoryBytes => ({ weights: 0, adapter: 0, gradient: 0, optimizer: 0, activation: 0, workspace: 0, staging: 0 });
const sum = (bytes: CategoryBytes): number => categories.reduce((total, category) => total + bytes[category], 0);

export class Allocator {
  readonly #device: GPUDevice;
  readonly #buffers = new Map<GPUBuffer, BufferRequest>();
  readonly #live = zero();
  #peak = zero();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Allocates all of `requests` or none. Errors: `out-of-memory`, with what was asked for and what there already was. */
  async allocate(requests: readonly BufferRequest[]): Promise<GPUBuffer[]> {
    this.#device.pushErrorScope('out-of-memory');
    this.#device.pushErrorScope('validation');
    const made = requests.map((request) => {
      const buffer = this.#device.createBuffer({ label: request.label, size: request.bytes, usage: usages[request.usage] });
      this.#enter(buffer, request);
      return buffer;
    });
    const failure = (await this.#device.popErrorScope()) ?? (await this.#device.popErrorScope());
    if (!failure) return made;
    const before = sum(this.#live);
    for (const buffer of made) this.free(buffer);
    const asked = requests.reduce((total, { bytes }) => total + bytes, 0);
    throw new RetraceError({
      code: 'out-of-memory',
      message: `The device refused ${asked} bytes (with ${before - asked} already in use): ${failure.message}`,
      where: requests.map(({ label }) => label).join(', '),
      remedy: 'Close other tabs that use the GPU, or use a smaller batch or a shorter length.',
    });
  }

  #enter(buffer: GPUBuffer, request: BufferRequest): void {
    this.#buffers.set(buffer, request);
    for (const category of categories) this.#live[category] += request.categories[category] ?? 0;
    if (sum(this.#live) > sum(this.#peak)) this.#peak = { ...this.#live };
  }

  free(buffer: GPUBuffer): void {
    const request = this.#buffers.get(buffer);
    if (!request) throw new Error(`'${buffer.label}' is not a buffer of this allocator`);
    this.#buffers.delete(buffer);
    for (const category of categories) this.#live[category] -= request.categories[category] ?? 0;
    buffer.destroy();
  }

  freeAll(): void {
    for (const buffer of [...this.#buffers.keys()]) this.free(buffer);
  }

  get account(): Account {
    return {
      live: { ...this.#live },
      peak: { ...this.#peak },
      total: sum(this.#live),
      peakTotal: sum(this.#peak),
      buffers: this.#buffers.size,
    };
  }
}
