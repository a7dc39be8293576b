// Replays the programs of a plan. Buffers are allocated as planned, pipelines compiled in parallel and bind groups made once; a run of a program
// then only encodes dispatches. Nothing is allocated after `prepare`.
// Not here: what the programs compute (src/graph) and when they run (src/train).

import type { KernelCall, Place } from '../graph/op.ts';
import type { Tensor } from '../graph/tensor.ts';
import { dispatchSize } from '../kernels/dispatch.ts';
import { packScalars } from '../kernels/scalars.ts';
import { kernelSpec, stepScalars } from '../kernels/table.ts';
import type { HostParameters } from '../offload/offload.ts';
import { alignment } from '../plan/arena.ts';
import type { Placement } from '../plan/buffers.ts';
import { checkLimits, type Plan, type PlannedProgram } from '../plan/plan.ts';
import { multiplyAdds } from '../plan/work.ts';
import { Allocator } from './allocator.ts';
import type { Device } from './device.ts';
import { Exchange, type Moved, type Stop } from './exchange.ts';
import type { PipelineCache, PipelineKey } from './pipelines.ts';
import { timeDispatches } from './profiler.ts';

export type StepScalars = Record<keyof typeof stepScalars, number>;

/** A dispatch that was timed alone. */
export interface TimedCall {
  readonly call: KernelCall;
  readonly place: Place;
  readonly ms: number;
}

interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly groups: readonly [number, number, number];
  /** Rough number of multiply-adds or elements, to cut submits. */
  readonly work: number;
}

const isDispatch = (item: Dispatch | Stop): item is Dispatch => !('host' in item);

/** Work per submit: a slice of tens of milliseconds on a slow GPU, so that no job nears the 2 s at which Windows kills it. */
const workPerSubmit = 4e9;

export class Executor {
  readonly allocator: Allocator;
  readonly plan: Plan;
  readonly #device: GPUDevice;
  readonly #pipelines: PipelineCache;
  readonly #programs = new Map<string, readonly (Dispatch | Stop)[]>();
  /** Where what lives off the GPU is; undefined where all lives on it. */
  readonly host: HostParameters | undefined;
  /** The executor whose buffers its plan shares. */
  readonly #beside: Executor | undefined;
  readonly #exchange: Exchange | undefined;
  #buffers: readonly GPUBuffer[] = [];
  #nextReadback = 0;

  private constructor(
    { device, pipelines }: Pick<Device, 'device' | 'pipelines'>,
    plan: Plan,
    host: HostParameters | undefined,
    beside?: Executor,
  ) {
    this.#device = device;
    this.plan = plan;
    this.#pipelines = pipelines;
    this.allocator = new Allocator(device);
    this.host = host;
    this.#beside = beside;
    this.#exchange = host && new Exchange(device, (index) => this.#buffer(index), plan.hostReadback, host);
  }

  /** Allocates the plan and compiles what it needs. `onProgress` counts pipelines; `host` is asked where programs stop, and closed with the executor. */
  static async prepare(
    device: Device,
    plan: Plan,
    onProgress?: (done: number, of: number) => void,
    host?: HostParameters,
  ): Promise<Executor> {
    const executor = new Executor(device, plan, host);
    await executor.#prepare(onProgress);
    return executor;
  }

  /** Prepares programs that were planned beside this executor's: they read its parameters, and end before it does. */
  async beside(plan: Plan, onProgress?: (done: number, of: number) => void): Promise<Executor> {
    const executor = new Executor({ device: this.#device, pipelines: this.#pipelines }, plan, this.host, this);
    await executor.#prepare(onProgress);
    return executor;
  }

  async #prepare(onProgress?: (done: number, of: number) => void): Promise<void> {
    const { plan } = this;
    checkLimits(plan, this.#device.limits);
    const others = this.#beside ? this.#beside.#buffers.slice(0, plan.shared) : [];
    this.#buffers = [...others, ...(await this.allocator.allocate(plan.buffers.slice(plan.shared)))];
    try {
      await this.#compile(onProgress);
    } catch (error) {
      this.destroy();
      throw error;
    }
    this.#write(plan.uniforms.buffer, 0, plan.uniforms.data);
  }

  async #compile(onProgress?: (done: number, of: number) => void): Promise<void> {
    const keys = [...this.plan.programs.values()].flatMap(({ lowered }) => lowered.nodes.flatMap(({ calls }) => calls.map(pipelineKey)));
    const pending = new Set(keys.map((key) => this.#pipelines.get(key)));
    let done = 0;
    await Promise.all(
      [...pending].map(async (pipeline) => {
        await pipeline;
        onProgress?.(++done, pending.size);
      }),
    );
    for (const [name, program] of this.plan.programs) this.#programs.set(name, await this.#bind(program));
  }

  async #bind(program: PlannedProgram): Promise<(Dispatch | Stop)[]> {
    const bound: (Dispatch | Stop)[] = [];
    let calls = 0;
    for (const { node, calls: own } of program.lowered.nodes) {
      if (node.op.host) bound.push({ host: node.op.host(node), place: (tensor) => program.place(tensor) });
      for (const call of own) {
        bound.push({
          pipeline: await this.#pipelines.get(pipelineKey(call)),
          bindGroup: this.#bindGroup(program, call, program.uniformOffsets[calls++] as number),
          groups: dispatchSize(call),
          work: workOf(call),
        });
      }
    }
    return bound;
  }

  #bindGroup(program: PlannedProgram, call: KernelCall, uniformOffset: number): GPUBindGroup {
    const spec = kernelSpec(call.kernel);
    const entries: GPUBindGroupEntry[] = Object.entries(spec.bindings).map(([name, access], binding) => {
      const tensor = call.tensors[name];
      const { buffer, offset, bytes } = tensor ? program.place(tensor) : this.#unused(access, binding);
      return { binding, resource: { buffer: this.#buffer(buffer), offset, size: Math.ceil(bytes / 4) * 4 } };
    });
    const size = Object.keys(spec.uniforms).length * 4;
    entries.push({
      binding: entries.length,
      resource: { buffer: this.#buffer(this.plan.uniforms.buffer), offset: uniformOffset, size: Math.ceil(size / 16) * 16 },
    });
    if (spec.step) entries.push({ binding: entries.length, resource: { buffer: this.#buffer(this.plan.stepBuffer) } });
    return this.#device.createBindGroup({ label: call.kernel, layout: this.#pipelines.bindGroupLayout(call.kernel), entries });
  }

  /** A range of its own for each binding, since two written bindings may not overlap. */
  #unused(access: 'read' | 'read_write', binding: number): Placement {
    const [readOnly, written] = this.plan.unused;
    return access === 'read'
      ? { buffer: readOnly, offset: 0, bytes: alignment }
      : { buffer: written, offset: binding * alignment, bytes: alignment };
  }

  #buffer(index: number): GPUBuffer {
    const buffer = this.#buffers[index];
    if (!buffer) throw new Error(`the plan has no buffer ${index}`);
    return buffer;
  }

  #write(buffer: number, offset: number, data: ArrayBufferView<ArrayBuffer> | ArrayBuffer): void {
    this.#device.queue.writeBuffer(this.#buffer(buffer), offset, data);
  }

  /** Writes a batch input of a program. */
  writeInput(program: string, name: string, data: Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Float32Array<ArrayBuffer>): void {
    const planned = this.#planned(program);
    const tensor = planned.graph.inputs.get(name);
    if (!tensor) return;
    const { buffer, offset, bytes } = planned.place(tensor);
    if (data.byteLength !== bytes) throw new Error(`input '${name}' of '${program}' takes ${bytes} bytes, not ${data.byteLength}`);
    this.#write(buffer, offset, data);
  }

  /** Whether a program reads an input of this name. */
  reads(program: string, name: string): boolean {
    return this.#planned(program).graph.inputs.has(name);
  }

  #planned(program: string): PlannedProgram {
    const planned = this.plan.programs.get(program);
    if (!planned) throw new Error(`there is no program '${program}'`);
    return planned;
  }

  writeStep(scalars: StepScalars): void {
    this.#write(this.plan.stepBuffer, 0, packScalars(stepScalars, scalars));
  }

  /** Writes bytes of a persistent tensor, from `offset` in it. */
  writeTensor(tensor: Tensor, data: ArrayBufferView<ArrayBuffer>, offset = 0): void {
    const place = this.#placed(tensor);
    if (offset + data.byteLength > Math.ceil(place.bytes / 4) * 4)
      throw new Error(`'${tensor.name}' has ${place.bytes} bytes; ${offset} + ${data.byteLength} do not fit`);
    this.#write(place.buffer, place.offset + offset, data);
  }

  #placed(tensor: Tensor): Placement {
    const place = this.plan.placements.get(tensor);
    if (!place) throw new Error(`'${tensor.name}' has no lasting place`);
    return place;
  }

  #items(name: string): readonly (Dispatch | Stop)[] {
    const items = this.#programs.get(name);
    if (!items) throw new Error(`there is no program '${name}'`);
    return items;
  }

  /** Runs programs in order. Error where one asks the host: those run by `runHosted`. */
  run(names: readonly string[]): void {
    const dispatches = names.flatMap((name) => this.#items(name));
    if (!dispatches.every(isDispatch)) throw new Error(`of the programs ${names.join(', ')} one asks the host`);
    this.#submit(dispatches);
  }

  /** Runs programs in order, those too that stop to ask the host; settles when the host has answered all. */
  runHosted(names: readonly string[]): Promise<void> {
    return this.#replay(names, (dispatches) => this.#submit(dispatches));
  }

  /** As `runHosted`, with the same bits, but each dispatch is timed alone. It goes on while it waits, so nothing else may run meanwhile. */
  async timed(names: readonly string[]): Promise<TimedCall[]> {
    const nodes = names.flatMap((name) => this.#planned(name).lowered.nodes);
    const calls = nodes.flatMap(({ node: { place }, calls: own }) => own.map((call) => ({ call, place })));
    const times: number[] = [];
    await this.#replay(names, async (dispatches) => {
      times.push(...(await timeDispatches(this.#device, dispatches)));
    });
    return calls.map((call, i) => ({ ...call, ms: times[i] as number }));
  }

  /** `replay` gets the dispatches before each stop, and those after the last. */
  async #replay(names: readonly string[], replay: (dispatches: readonly Dispatch[]) => void | Promise<void>): Promise<void> {
    let dispatches: Dispatch[] = [];
    for (const item of names.flatMap((name) => this.#items(name))) {
      if (isDispatch(item)) {
        dispatches.push(item);
        continue;
      }
      if (!this.#exchange) throw new Error(`of the programs ${names.join(', ')} one asks a host, and there is none`);
      await replay(dispatches);
      dispatches = [];
      await this.#exchange.stop(item);
    }
    await replay(dispatches);
    await this.#exchange?.settled();
  }

  /** Bytes that host calls moved since the last call. */
  takeMoved(): Moved {
    return this.#exchange?.takeMoved() ?? { up: 0, down: 0 };
  }

  /** In submits that each take a slice of work. */
  #submit(dispatches: readonly Dispatch[]): void {
    for (let begin = 0; begin < dispatches.length; ) {
      let end = begin;
      let work = 0;
      const encoder = this.#device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      for (; end < dispatches.length; end++) {
        const { pipeline, bindGroup, groups, work: own } = dispatches[end] as Dispatch;
        if (work > 0 && work + own > workPerSubmit) break;
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bindGroup);
        pass.dispatchWorkgroups(...groups);
        work += own;
      }
      pass.end();
      this.#device.queue.submit([encoder.finish()]);
      begin = end;
    }
  }

  /** Copies the results into the readback ring and gives them once the GPU is there. At most as many at a time as the ring has slots. */
  async readResults(): Promise<(name: string) => ArrayBuffer> {
    const slot = this.plan.readback[this.#nextReadback++ % this.plan.readback.length] as number;
    const target = this.#buffer(slot);
    const { buffer, offsets } = this.plan.results;
    const source = this.#buffer(buffer);
    const encoder = this.#device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, target, 0, source.size);
    this.#device.queue.submit([encoder.finish()]);
    await target.mapAsync(1 /* GPUMapMode.READ */);
    const bytes = target.getMappedRange().slice(0);
    target.unmap();
    return (name) => {
      const place = offsets.get(name);
      if (!place) throw new Error(`there is no result '${name}'`);
      return bytes.slice(place.offset, place.offset + place.bytes);
    };
  }

  /** Reads a persistent tensor back, through a buffer that lives for this call only: for checkpoints and exports, never in a step. */
  async readTensor(tensor: Tensor): Promise<ArrayBuffer> {
    const { buffer, offset, bytes } = this.#placed(tensor);
    const size = Math.ceil(bytes / 4) * 4;
    const [target] = (await this.allocator.allocate([
      { label: `read ${tensor.name}`, bytes: size, usage: 'readback', categories: { staging: size } },
    ])) as [GPUBuffer];
    const encoder = this.#device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.#buffer(buffer), offset, target, 0, size);
    this.#device.queue.submit([encoder.finish()]);
    await target.mapAsync(1 /* GPUMapMode.READ */);
    const copy = target.getMappedRange().slice(0, bytes);
    target.unmap();
    this.allocator.free(target);
    return copy;
  }

  /** Runs a program dispatch by dispatch: milliseconds and multiply-adds by kernel. */
  async profile(name: string): Promise<Map<string, { calls: number; ms: number; multiplyAdds: number }>> {
    const byKernel = new Map<string, { calls: number; ms: number; multiplyAdds: number }>();
    for (const { call, ms } of await this.timed([name])) {
      const entry = byKernel.get(call.kernel) ?? { calls: 0, ms: 0, multiplyAdds: 0 };
      entry.calls++;
      entry.ms += ms;
      entry.multiplyAdds += multiplyAdds(call);
      byKernel.set(call.kernel, entry);
    }
    return byKernel;
  }

  /** Whether dispatches are timed on the device, or by the clock from here. */
  get timer(): 'timestamps' | 'clock' {
    return this.#device.features.has('timestamp-query') ? 'timestamps' : 'clock';
  }

  /** Settles when all that was submitted has run. */
  async settled(): Promise<void> {
    await this.#device.queue.onSubmittedWorkDone();
  }

  destroy(): void {
    this.allocator.freeAll();
    if (!this.#beside) this.host?.close().catch(() => undefined);
  }
}

function pipelineKey(call: KernelCall): PipelineKey {
  const spec = kernelSpec(call.kernel);
  const halves = Object.keys(spec.stored ?? {}).filter((name) => call.tensors[name]?.dtype === 'f16');
  return {
    kernel: call.kernel,
    overrides: call.overrides ?? {},
    ...(call.form === undefined ? {} : { form: call.form }),
    ...(halves.length > 0 ? { storedTypes: Object.fromEntries(halves.map((name) => [name, 'f16' as const])) } : {}),
    ...(call.headSize === undefined ? {} : { headSize: call.headSize }),
  };
}

/** For cutting submits: multiply-adds, or the threads' elements of what has none. */
const workOf = (call: KernelCall): number => multiplyAdds(call) || dispatchSize(call).reduce((product, groups) => product * groups, 256);
