// What passes between a running program and the host: at a stop, tensors are read back, the host answers, its answer is written to tensors. Bytes are
// counted in both directions. Not here: what the host does (src/offload), when a program stops (executor.ts).
// Invariant: requests reach the host in the order of the stops, and one read-back at a time uses the planned staging buffer.

import type { HostCall } from '../graph/op.ts';
import type { Tensor } from '../graph/tensor.ts';
import { type HostArray, type HostParameters, hostRequest } from '../offload/offload.ts';
import { aligned } from '../plan/arena.ts';
import type { Placement } from '../plan/buffers.ts';

/** A stop of a program, with where its tensors lie. */
export interface Stop {
  readonly host: HostCall;
  place(tensor: Tensor): Placement;
}

/** Bytes to the GPU and from it. */
export interface Moved {
  readonly up: number;
  readonly down: number;
}

const arrayOf = ({ dtype }: Tensor, bytes: ArrayBuffer): HostArray =>
  dtype === 'u32' ? new Uint32Array(bytes) : dtype === 'i32' ? new Int32Array(bytes) : new Float32Array(bytes);

export class Exchange {
  readonly #device: GPUDevice;
  readonly #buffer: (index: number) => GPUBuffer;
  readonly #staging: number;
  readonly #host: HostParameters;
  #moved = { up: 0, down: 0 };
  /** Of the stop before: until its tensors are read, and until the host has answered. */
  #reading: Promise<unknown> = Promise.resolve();
  #answering: Promise<unknown> = Promise.resolve();

  constructor(device: GPUDevice, buffer: (index: number) => GPUBuffer, staging: number, host: HostParameters) {
    this.#device = device;
    this.#buffer = buffer;
    this.#staging = staging;
    this.#host = host;
  }

  /** Bytes moved since the last call. */
  takeMoved(): Moved {
    const moved = this.#moved;
    this.#moved = { up: 0, down: 0 };
    return moved;
  }

  /** Settles when the program may go on: at once where nothing comes back from the host. */
  async stop({ host: { request, reads, writes }, place }: Stop): Promise<void> {
    await this.#reading;
    const reading = reads.length > 0 ? this.#read(reads, place) : Promise.resolve([]);
    this.#reading = reading;
    const answering = reading.then((arrays) => this.#host.answer(hostRequest(request, arrays)));
    this.#answering = Promise.all([this.#answering, answering]);
    // It is looked at by `settled`; until then it must not count as unhandled.
    this.#answering.catch(() => undefined);
    if (writes.length === 0) return;
    for (const [i, array] of (await answering).entries()) {
      const { buffer, offset, bytes } = place(writes[i] as Tensor);
      if (array.byteLength > bytes) throw new Error(`the host gives ${array.byteLength} bytes for ${bytes} of '${writes[i]?.name}'`);
      this.#moved.up += array.byteLength;
      // From memory that threads share nothing can be written: such an array is copied.
      const own = array.buffer instanceof ArrayBuffer ? array : array.slice();
      this.#device.queue.writeBuffer(this.#buffer(buffer), offset, own as ArrayBufferView<ArrayBuffer>);
    }
  }

  async #read(reads: readonly Tensor[], place: Stop['place']): Promise<HostArray[]> {
    const target = this.#buffer(this.#staging);
    const encoder = this.#device.createCommandEncoder();
    let end = 0;
    const ranges = reads.map((tensor) => {
      const { buffer, offset, bytes } = place(tensor);
      const begin = end;
      encoder.copyBufferToBuffer(this.#buffer(buffer), offset, target, begin, bytes);
      end += aligned(bytes);
      this.#moved.down += bytes;
      return { tensor, begin, bytes };
    });
    this.#device.queue.submit([encoder.finish()]);
    await target.mapAsync(1 /* GPUMapMode.READ */, 0, end);
    const mapped = target.getMappedRange(0, end);
    const arrays = ranges.map(({ tensor, begin, bytes }) => arrayOf(tensor, mapped.slice(begin, begin + bytes)));
    target.unmap();
    return arrays;
  }

  /** Settles when the host has all that was sent; rejects where one of its answers did. */
  async settled(): Promise<void> {
    const answering = this.#answering;
    this.#answering = Promise.resolve();
    await answering;
  }
}
