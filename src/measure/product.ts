// One matrix product or one copy on the device, over buffers of its own, as often as wanted in a submit: what rates are taken of. Not here: the clock, for
// what counts as time differs between those who ask. Invariant: buffers are there before the first run and gone after `destroy`, nothing in between.

import { Allocator } from '../gpu/allocator.ts';
import type { Device } from '../gpu/device.ts';
import type { StoredType } from '../gpu/pipelines.ts';
import { dispatchSize } from '../kernels/dispatch.ts';
import { packScalars } from '../kernels/scalars.ts';
import { type KernelName, kernelSpec, stepScalars, undropped } from '../kernels/table.ts';

export interface Job {
  /** Submits the dispatch `times` over. */
  submit(times: number): void;
  destroy(): void;
}

export type Product = Extract<KernelName, 'gemm_nt' | 'gemm_nn' | 'gemm_tn'>;
export const products: readonly Product[] = ['gemm_nt', 'gemm_nn', 'gemm_tn'];

/** Rows M, inputs K and outputs N of a dense layer: forward, its input's gradient and its weight's are products of these three. */
export interface ProductShape {
  readonly M: number;
  readonly K: number;
  readonly N: number;
}

/** Ordinary numbers as f32 and as a pair of f16 alike: denormals would cost a CPU driver extra. */
const ordinary = 0x3c003c00;

/** Bytes that one write fills. */
const filledAtATime = 2 ** 24;

interface JobRequest {
  readonly kernel: KernelName;
  /** Left out: the first. */
  readonly form?: string;
  readonly overrides?: Readonly<Record<string, number>>;
  readonly storedTypes?: Readonly<Record<string, StoredType>>;
  readonly uniforms: Readonly<Record<string, number>>;
  /** 32-bit words by binding; a binding that is not used takes one. */
  readonly words: Readonly<Record<string, number>>;
}

async function jobOf({ device, pipelines }: Pick<Device, 'device' | 'pipelines'>, request: JobRequest): Promise<Job> {
  const { kernel, uniforms, words, ...key } = request;
  const spec = kernelSpec(kernel);
  const pipeline = await pipelines.get({ kernel, ...key });
  const allocator = new Allocator(device);
  const sizes = Object.keys(spec.bindings).map((name) => ({ label: name, bytes: 4 * (words[name] ?? 4) }));
  const tensors = await allocator.allocate(sizes.map((size) => ({ ...size, usage: 'storage', categories: { workspace: size.bytes } })));
  for (const [i, buffer] of tensors.entries()) {
    const bytes = sizes[i]?.bytes ?? 0;
    for (let begin = 0; begin < bytes; begin += filledAtATime)
      device.queue.writeBuffer(buffer, begin, new Uint32Array(Math.min(filledAtATime, bytes - begin) / 4).fill(ordinary));
  }
  const blocks = [packScalars(spec.uniforms, uniforms), ...(spec.step ? [new ArrayBuffer(4 * Object.keys(stepScalars).length)] : [])];
  const scalars = await allocator.allocate(
    blocks.map((block, i) => {
      const bytes = Math.ceil(block.byteLength / 16) * 16;
      return { label: i === 0 ? 'params' : 'step', bytes, usage: 'uniform', categories: { workspace: bytes } };
    }),
  );
  for (const [i, buffer] of scalars.entries()) device.queue.writeBuffer(buffer, 0, blocks[i] as ArrayBuffer);
  const bindGroup = device.createBindGroup({
    label: kernel,
    layout: pipelines.bindGroupLayout(kernel),
    entries: [...tensors, ...scalars].map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const groups = dispatchSize(request);
  return {
    submit(times) {
      const encoder = device.createCommandEncoder({ label: kernel });
      const pass = encoder.beginComputePass({ label: kernel });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      for (let i = 0; i < times; i++) pass.dispatchWorkgroups(...groups);
      pass.end();
      device.queue.submit([encoder.finish()]);
    },
    destroy: () => allocator.freeAll(),
  };
}

/** A product of a dense layer with weights [N, K] in f32 or f16, in its first form where none is named. */
export function productJob(
  device: Pick<Device, 'device' | 'pipelines'>,
  kernel: Product,
  { M, K, N }: ProductShape,
  { storedType = 'f32', form }: { readonly storedType?: StoredType; readonly form?: string } = {},
): Promise<Job> {
  const others = { gemm_nt: undropped, gemm_nn: undropped, gemm_tn: { T: 128, first: 0 } }[kernel];
  return jobOf(device, {
    kernel,
    ...(form === undefined ? {} : { form }),
    storedTypes: { w: storedType },
    uniforms: { M, K, N, width: N, column: 0, ...others, alpha: 1 },
    words: {
      ...{ x: M * K, d_y: M * N, d_w: N * K, out: kernel === 'gemm_nt' ? M * N : M * K },
      w: (N * K) / (storedType === 'f16' ? 2 : 1),
    },
  });
}

/** A copy of `count` words. */
export const copyJob = (device: Pick<Device, 'device' | 'pipelines'>, count: number): Promise<Job> =>
  jobOf(device, { kernel: 'copy', uniforms: { count }, words: { x: count, y: count } });
