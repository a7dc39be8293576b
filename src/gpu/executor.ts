// Replays the programs of a plan. Buffers are allocated as planned, pipelines compiled in parallel, and the bind groups of a program made when it is first run; a
// run then only encodes dispatches. No buffer is allocated after `allocate`.
// Not here: what the programs compute (src/graph) and when they run (src/train).

import type { KernelCall, Place } from '../graph/op.ts';
import type { Tensor } from '../graph/tensor.ts';
import { dispatchSize } from '../kernels/dispatch.ts';
import { packScalars } from '../kernels/scalars.ts';
import { stepScalars } from '../kernels/table.ts';
import type { HostParameters } from '../offload/offload.ts';
import type { Placement } from '../plan/buffers.ts';
import { checkLimits, type Plan, type PlannedProgram } from '../plan/plan.ts';
import { multiplyAdds } from '../plan/work.ts';
import { Allocator } from './allocator.ts';
import { BindGroups } from './bind_groups.ts';
import type { Device } from './device.ts';
import { Exchange, type Moved, type Stop } from './exchange.ts';
import { type PipelineCache, type PipelineKey, pipelineKeyOf, pipelineLabel } from './pipelines.ts';
import { timeDispatches } from './profiler.ts';
import { Slices } from './slices.ts';

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

/** Told how many pipelines are compiled, of how many. */
type OnCompiled = (done: number, of: number) => void;

export class Executor {
  readonly allocator: Allocator;
  readonly plan: Plan;
  readonly #device: GPUDevice;
  readonly #pipelines: PipelineCache;
  readonly #bindGroups: BindGroups;
  readonly #slices: Slices;
  readonly #compiled = new Map<string, GPUComputePipeline>();
  /** Programs that were asked for, and when each can run. */
  readonly #ready = new Map<string, Promise<void>>();
  /** Programs that have run. */
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
    slices: Slices,
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
    this.#slices = slices;
    const layout = (kernel: KernelCall['kernel']) => pipelines.bindGroupLayout(kernel);
    this.#bindGroups = new BindGroups({ device, plan, layout, buffer: (index) => this.#buffer(index) });
    this.#exchange = host && new Exchange(device, (index) => this.#buffer(index), plan.hostReadback, host);
  }

  /**
   * Allocates the plan; its programs can run once they are compiled. `host` is asked where programs stop, and closed with the executor. Errors:
   * `plan-above-limits`, `out-of-memory`.
   */
  static async allocate(device: Device, plan: Plan, host?: HostParameters): Promise<Executor> {
    const executor = new Executor(device, new Slices(device.info.isFallback ? 'fixed' : 'measured'), plan, host);
    await executor.#allocate();
    return executor;
  }

  /** The same with all programs compiled. Error, moreover: `shader`. */
  static async prepare(device: Device, plan: Plan, host?: HostParameters): Promise<Executor> {
    return (await Executor.allocate(device, plan, host)).#complete();
  }

  /** Prepares programs that were planned beside this executor's: they read its parameters, and end before it does. Errors as of `prepare`. */
  async beside(plan: Plan): Promise<Executor> {
    const executor = new Executor({ device: this.#device, pipelines: this.#pipelines }, this.#slices, plan, this.host, this);
    await executor.#allocate();
    return executor.#complete();
  }

  async #allocate(): Promise<void> {
    const { plan } = this;
    checkLimits(plan, this.#device.limits);
    const others = this.#beside ? this.#beside.#buffers.slice(0, plan.shared) : [];
    this.#buffers = [...others, ...(await this.allocator.allocate(plan.buffers.slice(plan.shared)))];
    this.#write(plan.uniforms.buffer, 0, plan.uniforms.data);
  }

  async #complete(): Promise<Executor> {
    try {
      await this.compile([...this.plan.programs.keys()]);
    } catch (error) {
      this.destroy();
      throw error;
    }
    return this;
  }

  /** Compiles what these programs need, all in parallel; settles when they can run. Error: `shader`, here and whenever one of them is asked for. */
  async compile(names: readonly string[], onCompiled?: OnCompiled): Promise<void> {
    const keys = new Map<string, PipelineKey>();
    for (const { lowered } of names.map((name) => this.#planned(name))) {
      for (const key of lowered.nodes.flatMap(({ calls }) => calls.map(pipelineKeyOf))) keys.set(pipelineLabel(key), key);
    }
    let done = 0;
    await Promise.all(
      [...keys].map(async ([label, key]) => {
        this.#compiled.set(label, await this.#pipelines.get(key));
        onCompiled?.(++done, keys.size);
      }),
    );
  }

  /** Settles when these programs can run; begins to compile those that nobody has asked for. Error: `shader`. */
  async ready(names: readonly string[]): Promise<void> {
    await Promise.all(
      names.map((name) => {
        const ready = this.#ready.get(name) ?? this.compile([name]);
        this.#ready.set(name, ready);
        return ready;
      }),
    );
  }

  #bind(program: PlannedProgram): (Dispatch | Stop)[] {
    const bound: (Dispatch | Stop)[] = [];
    let calls = 0;
    for (const { node, calls: own } of program.lowered.nodes) {
      if (node.op.host) bound.push({ host: node.op.host(node), place: (tensor) => program.place(tensor) });
      for (const call of own) {
        const pipeline = this.#compiled.get(pipelineLabel(pipelineKeyOf(call)));
        if (!pipeline) throw new Error(`the program '${program.name}' is not compiled`);
        bound.push({
          pipeline,
          bindGroup: this.#bindGroups.of(program, call, program.uniformOffsets[calls++] as number),
          groups: dispatchSize(call),
          work: workOf(call),
        });
      }
    }
    return bound;
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

  /** Error where it is not compiled. */
  #items(name: string): readonly (Dispatch | Stop)[] {
    let items = this.#programs.get(name);
    if (!items) {
      items = this.#bind(this.#planned(name));
      this.#programs.set(name, items);
    }
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
      times.push(...(await timeDispatches(this.#device, dispatches, this.#slices.size)));
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
        if (work > 0 && work + own > this.#slices.size) break;
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bindGroup);
        pass.dispatchWorkgroups(...groups);
        work += own;
      }
      pass.end();
      this.#device.queue.submit([encoder.finish()]);
      this.#slices.submitted(work, () => this.#device.queue.onSubmittedWorkDone());
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
    await this.ready([name]);
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

  /** Bind groups that were made so far. */
  get bindGroups(): number {
    return this.#bindGroups.count;
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

/** For cutting submits: multiply-adds, or the threads' elements of what has none. */
const workOf = (call: KernelCall): number => multiplyAdds(call) || dispatchSize(call).reduce((product, groups) => product * groups, 256);
