// For tests and benches: runs one kernel, in one of its forms, on given arrays, with guard words behind every tensor that must stay as they
// were. Not the executor: it makes buffers for each dispatch and throws them away.

import type { PipelineCache, StoredType } from '../../src/gpu/pipelines.ts';
import { dispatchSize } from '../../src/kernels/dispatch.ts';
import { packScalars } from '../../src/kernels/scalars.ts';
import { type KernelName, kernelSpec, stepScalars } from '../../src/kernels/table.ts';

/** Uint16Array holds f16 bits. */
export type Words = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

export interface KernelRun {
  readonly kernel: KernelName;
  /** Every binding that the kernel uses; one that its overrides leave unused may be absent. */
  readonly tensors: Readonly<Record<string, Words>>;
  readonly uniforms: Readonly<Record<string, number>>;
  readonly overrides?: Readonly<Record<string, number>>;
  readonly step?: Readonly<Partial<Record<keyof typeof stepScalars, number>>>;
  readonly headSize?: number;
  /** Left out: the first. */
  readonly form?: string;
}

export const defaultStep: Readonly<Record<keyof typeof stepScalars, number>> = {
  seed: 1,
  micro_step: 1,
  first_example: 0,
  learning_rate: 1e-3,
  bias_correction1: 1,
  bias_correction2_sqrt: 1,
  max_grad_norm: 0,
  inverse_count: 1,
  beta2_t: 0,
};

const GUARD_WORDS = 64;
const GUARD = 0xa5c3e197;
/** Distance of a tensor from the start of its buffer, in bytes: not 0, so that a kernel which forgets its offset shows. */
const OFFSET = 256;

/** The tensors after the kernel, as new arrays. Error when a word around one of them has changed, or on a validation error. */
export async function runKernel(device: GPUDevice, pipelines: PipelineCache, run: KernelRun): Promise<Record<string, Words>> {
  const spec = kernelSpec(run.kernel);
  const pipeline = await pipelines.get({ ...run, storedTypes: storedTypesOf(run) });
  device.pushErrorScope('validation');
  const names = Object.keys(spec.bindings);
  const buffers = names.map((name) => tensorBuffer(device, name, run.tensors[name] ?? new Uint32Array(4)));
  const entries: GPUBindGroupEntry[] = buffers.map((buffer, binding) => ({
    binding,
    resource: { buffer, offset: OFFSET, size: buffer.size - OFFSET },
  }));
  const blocks = [packScalars(spec.uniforms, run.uniforms)];
  if (spec.step) blocks.push(packScalars(stepScalars, { ...defaultStep, ...run.step }));
  for (const block of blocks) {
    const buffer = device.createBuffer({
      label: 'uniforms',
      size: block.byteLength,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    device.queue.writeBuffer(buffer, 0, block);
    entries.push({ binding: entries.length, resource: { buffer } });
    buffers.push(buffer);
  }
  const encoder = device.createCommandEncoder({ label: run.kernel });
  const pass = encoder.beginComputePass({ label: run.kernel });
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ label: run.kernel, layout: pipelines.bindGroupLayout(run.kernel), entries }));
  pass.dispatchWorkgroups(...dispatchSize(run));
  pass.end();
  device.queue.submit([encoder.finish()]);
  const error = await device.popErrorScope();
  if (error) throw new Error(`${run.kernel}: ${error.message}`);
  const results: Record<string, Words> = {};
  for (const [i, name] of names.entries()) {
    const words = run.tensors[name];
    if (words) results[name] = await readTensor(device, buffers[i] as GPUBuffer, words, `${run.kernel}.${name}`);
  }
  for (const buffer of buffers) buffer.destroy();
  return results;
}

/** A stored binding whose array holds f16 bits is f16. */
const storedTypesOf = ({ kernel, tensors }: KernelRun): Readonly<Record<string, StoredType>> =>
  Object.fromEntries(
    Object.keys(kernelSpec(kernel).stored ?? {}).map((name) => [name, tensors[name] instanceof Uint16Array ? 'f16' : 'f32']),
  );

const paddedBytes = (words: Words): number => Math.ceil(words.byteLength / 4) * 4;

function tensorBuffer(device: GPUDevice, label: string, words: Words): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC;
  const size = OFFSET + paddedBytes(words) + GUARD_WORDS * 4;
  const buffer = device.createBuffer({ label, size, usage, mappedAtCreation: true });
  const mapped = buffer.getMappedRange();
  new Uint32Array(mapped).fill(GUARD);
  new Uint8Array(mapped, OFFSET).set(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
  buffer.unmap();
  return buffer;
}

async function readTensor(device: GPUDevice, buffer: GPUBuffer, like: Words, label: string): Promise<Words> {
  const staging = device.createBuffer({ label: 'staging', size: buffer.size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder({ label: 'readback' });
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const bytes = staging.getMappedRange().slice(0);
  staging.destroy();
  const words = new Uint32Array(bytes);
  const end = (OFFSET + paddedBytes(like)) / 4;
  const changed = words.findIndex((word, i) => (i < OFFSET / 4 || i >= end) && word !== GUARD);
  if (changed >= 0) throw new Error(`${label}: the guard word ${changed - OFFSET / 4} from the tensor's start was overwritten`);
  const tensorBytes = bytes.slice(OFFSET, OFFSET + like.byteLength);
  if (like instanceof Float32Array) return new Float32Array(tensorBytes);
  if (like instanceof Int32Array) return new Int32Array(tensorBytes);
  return like instanceof Uint32Array ? new Uint32Array(tensorBytes) : new Uint16Array(tensorBytes);
}
