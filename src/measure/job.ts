// Dispatches on the device over buffers of their own, as often as wanted in a submit: what rates and choices are taken from. Not here: the clock, for what counts as
// time differs between those who ask. Invariant: buffers are there before the first run and gone after `destroy`, nothing in between.

import { Allocator } from '../gpu/allocator.ts';
import type { Device } from '../gpu/device.ts';
import { pipelineKeyOf } from '../gpu/pipelines.ts';
import type { KernelCall } from '../graph/op.ts';
import { Registry } from '../graph/registry.ts';
import { bytesOfTensor, type DType, type Tensor } from '../graph/tensor.ts';
import { dispatchSize } from '../kernels/dispatch.ts';
import { packScalars } from '../kernels/scalars.ts';
import { kernelSpec, stepScalars } from '../kernels/table.ts';

export interface Job {
  /** Submits the dispatches, in order, `times` over. */
  submit(times: number): void;
  destroy(): void;
}

const registry = new Registry();

/** A tensor of `size` numbers that is of no program. */
export const standIn = (name: string, size: number, dtype: DType = 'f32'): Tensor =>
  registry.tensor({ name, shape: [size], dtype, role: 'transient' });

/** An ordinary number as f32 and as a pair of f16 alike: denormals would cost a processor extra. As an integer it is too large for a row, a token or a length. */
const ordinary = 0x3c003c00;

/** Bytes that one write fills. */
const filledAtATime = 2 ** 24;

/** What a tensor is filled with. Lengths are those of whole rows: of keys where there are some. */
function wordOf({ name, dtype }: Tensor, { uniforms: { S, T = 0 } }: KernelCall): number {
  if (name === 'lengths') return S ?? T;
  return dtype === 'u32' || dtype === 'i32' ? 0 : ordinary;
}

/** A job of these calls. Each of their tensors has a buffer, whatever it lies in. */
export async function jobOf({ device, pipelines }: Pick<Device, 'device' | 'pipelines'>, calls: readonly KernelCall[]): Promise<Job> {
  const allocator = new Allocator(device);
  const buffers = new Map<Tensor, GPUBuffer>();
  const storage = async (label: string, bytes: number, word: number): Promise<GPUBuffer> => {
    const size = Math.ceil(bytes / 4) * 4;
    const [buffer] = (await allocator.allocate([{ label, bytes: size, usage: 'storage', categories: { workspace: size } }])) as [GPUBuffer];
    for (let begin = 0; begin < size; begin += filledAtATime)
      device.queue.writeBuffer(buffer, begin, new Uint32Array(Math.min(filledAtATime, size - begin) / 4).fill(word));
    return buffer;
  };
  const bufferOf = async (call: KernelCall, name: string): Promise<GPUBuffer> => {
    const tensor = call.tensors[name];
    if (!tensor) return storage(`${name}, unused`, 16, ordinary);
    const known = buffers.get(tensor) ?? (await storage(name, bytesOfTensor(tensor), wordOf({ ...tensor, name }, call)));
    buffers.set(tensor, known);
    return known;
  };
  const uniform = async (label: string, data: ArrayBuffer): Promise<GPUBuffer> => {
    const bytes = Math.ceil(data.byteLength / 16) * 16;
    const [buffer] = (await allocator.allocate([{ label, bytes, usage: 'uniform', categories: { workspace: bytes } }])) as [GPUBuffer];
    device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  };
  try {
    const dispatches: { pipeline: GPUComputePipeline; bindGroup: GPUBindGroup; groups: [number, number, number] }[] = [];
    for (const call of calls) {
      const spec = kernelSpec(call.kernel);
      const bound: GPUBuffer[] = [];
      for (const name of Object.keys(spec.bindings)) bound.push(await bufferOf(call, name));
      bound.push(await uniform('params', packScalars(spec.uniforms, call.uniforms)));
      if (spec.step) bound.push(await uniform('step', new ArrayBuffer(4 * Object.keys(stepScalars).length)));
      const entries = bound.map((buffer, binding) => ({ binding, resource: { buffer } }));
      dispatches.push({
        pipeline: await pipelines.get(pipelineKeyOf(call)),
        bindGroup: device.createBindGroup({ label: call.kernel, layout: pipelines.bindGroupLayout(call.kernel), entries }),
        groups: dispatchSize(call),
      });
    }
    return {
      submit(times) {
        const encoder = device.createCommandEncoder({ label: 'job' });
        const pass = encoder.beginComputePass({ label: 'job' });
        for (let i = 0; i < times; i++) {
          for (const { pipeline, bindGroup, groups } of dispatches) {
            pass.setPipeline(pipeline);
            pass.setBindGroup(0, bindGroup);
            pass.dispatchWorkgroups(...groups);
          }
        }
        pass.end();
        device.queue.submit([encoder.finish()]);
      },
      destroy: () => allocator.freeAll(),
    };
  } catch (error) {
    allocator.freeAll();
    throw error;
  }
}
