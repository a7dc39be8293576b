// The memory plan of a run: every buffer that will be allocated, with its bytes by category, and where each tensor of each program lies. Made from
// shapes alone, before any device exists; the allocator obeys it and a test compares their accounts.

import type { Graph } from '../graph/graph.ts';
import { type KernelCall, tensorsOf } from '../graph/op.ts';
import type { Registry } from '../graph/registry.ts';
import { bytesOfTensor, type Tensor } from '../graph/tensor.ts';
import { type Forms, inForm } from '../kernels/forms.ts';
import { packScalars } from '../kernels/scalars.ts';
import { kernelSpec } from '../kernels/table.ts';
import { type CategoryBytes, categories } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import { aligned, alignment, type Life, livesOf, pack } from './arena.ts';
import type { BufferSpec, Placement } from './buffers.ts';
import { type LoweredGraph, type LoweredNode, lower } from './lower.ts';
import { layOutLasting, layOutPersistent, type TrainablePacking, type TrainableSlab } from './persistent.ts';
import { type Moment, momentsOf } from './timeline.ts';

/** A traced program and the values that must outlive its run. */
export interface ProgramSource {
  readonly name: string;
  readonly graph: Graph;
  readonly kept?: readonly Tensor[];
}

export interface PlannedProgram {
  readonly name: string;
  readonly graph: Graph;
  readonly lowered: LoweredGraph;
  readonly lives: readonly Life[];
  readonly arena: { readonly extent: number; readonly lowerBound: number };
  /** Byte offset in the uniform buffer of each call, in order of execution. */
  readonly uniformOffsets: readonly number[];
  place(tensor: Tensor): Placement;
}

export interface Plan {
  /** The forms that its calls have. */
  readonly forms: Forms;
  readonly buffers: readonly BufferSpec[];
  /** Of those, the first ones that are another plan's, beside which this one is; its bytes are that one's. */
  readonly shared: number;
  readonly programs: ReadonlyMap<string, PlannedProgram>;
  readonly slabs: readonly TrainableSlab[];
  /** Parameters, gradients, results and optimizer states; the same for all programs. */
  readonly placements: ReadonlyMap<Tensor, Placement>;
  readonly uniforms: { readonly buffer: number; readonly data: Uint8Array<ArrayBuffer> };
  /** Stand-ins for bindings that a call leaves unused: [read-only buffer, read-write buffer]. */
  readonly unused: readonly [number, number];
  readonly stepBuffer: number;
  /** One buffer that holds all results, and their offsets in it. */
  readonly results: { readonly buffer: number; readonly offsets: ReadonlyMap<string, { readonly offset: number; readonly bytes: number }> };
  readonly readback: readonly number[];
  /** Buffer through which tensors go to the host in the middle of a program; -1 where none do. */
  readonly hostReadback: number;
  readonly bytes: CategoryBytes;
  readonly total: number;
  readonly peak: { readonly bytes: number; readonly at: string };
  /** Of the adapter bytes, rows of what lives off the GPU, at the peak. */
  readonly rows: number;
  readonly timeline: readonly Moment[];
  readonly largestBinding: { readonly bytes: number; readonly name: string };
}

/** Arena buffers and weight buffers are cut at this size: maxBufferSize of a device with default limits. */
export const bufferBytes = 256 * 2 ** 20;
/** Slots of the readback ring. */
export const readbackSlots = 3;

const emptyBytes = (): CategoryBytes => ({ weights: 0, adapter: 0, gradient: 0, optimizer: 0, activation: 0, workspace: 0, staging: 0 });

/** Uniform blocks of all calls, equal ones shared. */
class UniformPool {
  readonly #offsets = new Map<string, number>();
  readonly #blocks: ArrayBuffer[] = [];
  /** Calls that were added, by what they were called with: layers repeat the same calls, and packing is the dear part. */
  readonly #known = new Map<string, number>();

  add({ kernel, uniforms }: KernelCall): number {
    let call: string = kernel;
    for (const name in uniforms) call += ` ${name} ${uniforms[name]}`;
    const known = this.#known.get(call);
    if (known !== undefined) return known;
    const block = packScalars(kernelSpec(kernel).uniforms, uniforms);
    const key = new Uint32Array(block).join();
    const offset = this.#offsets.get(key) ?? this.#blocks.length * alignment;
    if (!this.#offsets.has(key)) this.#blocks.push(block);
    this.#offsets.set(key, offset);
    this.#known.set(call, offset);
    return offset;
  }

  data(): Uint8Array<ArrayBuffer> {
    const data = new Uint8Array(Math.max(1, this.#blocks.length) * alignment);
    for (const [i, block] of this.#blocks.entries()) data.set(new Uint8Array(block), i * alignment);
    return data;
  }
}

/** Bytes that a node sends to the host. */
const readBytes = ({ node }: LoweredNode): number =>
  (node.op.host?.(node).reads ?? []).reduce((sum, tensor) => sum + aligned(bytesOfTensor(tensor)), 0);

/** Inputs of equal name share storage across programs, as large as the largest needs. */
function layOutInputs(sources: readonly ProgramSource[]): { offsets: Map<string, number>; bytes: number } {
  const largest = new Map<string, number>();
  for (const { graph } of sources) {
    for (const [name, tensor] of graph.inputs) largest.set(name, Math.max(largest.get(name) ?? 0, aligned(bytesOfTensor(tensor))));
  }
  const offsets = new Map<string, number>();
  let bytes = 0;
  for (const [name, size] of largest) {
    offsets.set(name, bytes);
    bytes += size;
  }
  return { offsets, bytes };
}

/** The programs that work on packed trainables, traced once it is known what is packed where. */
export interface StepSource {
  readonly packing: TrainablePacking;
  trace(slabs: readonly TrainableSlab[]): readonly ProgramSource[];
}

export interface PlanOptions {
  /** A run whose parameters the programs read where they lie; the plan then counts what comes in addition. */
  readonly beside?: Plan;
  /** Of kernels; left out: those of the run beside, else the first ones. */
  readonly forms?: Forms;
}

/**
 * Plans a run. `micro` are programs over batches: one per padded length, training or evaluation.
 */
export function planRun(
  registry: Registry,
  micro: readonly ProgramSource[],
  step: StepSource,
  { beside, forms = beside?.forms ?? {} }: PlanOptions = {},
): Plan {
  const layout = beside
    ? { buffers: [...beside.buffers], placements: new Map(beside.placements), slabs: [] }
    : layOutPersistent(registry, bufferBytes, step.packing);
  const shared = beside?.buffers.length ?? 0;
  const sources = [...micro, ...step.trace(layout.slabs)];
  const { buffers, placements } = layout;
  layOutLasting(registry, bufferBytes, layout);
  const addBuffer = (spec: BufferSpec): number => buffers.push(spec) - 1;
  const staging = (label: string, bytes: number, usage: BufferSpec['usage']): number =>
    addBuffer({ label, bytes, usage, categories: { staging: bytes } });

  const inputs = layOutInputs(sources);
  const inputBuffer = inputs.bytes > 0 ? staging('inputs', inputs.bytes, 'storage') : -1;
  let resultBytes = 0;
  const resultOffsets = new Map<string, { offset: number; bytes: number }>();
  for (const tensor of registry.results.values()) {
    resultOffsets.set(tensor.name, { offset: resultBytes, bytes: bytesOfTensor(tensor) });
    resultBytes += aligned(bytesOfTensor(tensor));
  }
  const results = { buffer: staging('results', Math.max(alignment, resultBytes), 'storage'), offsets: resultOffsets };
  for (const tensor of registry.results.values()) {
    placements.set(tensor, { buffer: results.buffer, ...(resultOffsets.get(tensor.name) as { offset: number; bytes: number }) });
  }

  const pool = new UniformPool();
  const lowered = sources.map(({ name, graph, kept = [] }) => {
    const low = lower(graph, kept, forms);
    const lives = livesOf(low, kept);
    const packing = pack(lives, low.nodes.length, bufferBytes);
    const uniformOffsets = low.nodes.flatMap(({ calls }) => calls.map((call) => pool.add(call)));
    return { name, graph, lowered: low, lives, packing, uniformOffsets };
  });
  const uniformData = pool.data();
  const uniforms = { buffer: staging('uniforms', uniformData.byteLength, 'uniform'), data: uniformData };
  const stepBuffer = staging('step scalars', alignment, 'uniform');
  const unused = [staging('unused, read', alignment, 'storage'), staging('unused, written', 8 * alignment, 'storage')] as const;
  const readback = Array.from({ length: readbackSlots }, (_, i) => staging(`readback ${i}`, Math.max(alignment, resultBytes), 'readback'));

  const hostBytes = lowered.flatMap(({ lowered: { nodes } }) => nodes.map(readBytes)).reduce((most, bytes) => Math.max(most, bytes), 0);
  const hostReadback = hostBytes > 0 ? staging('host readback', hostBytes, 'readback') : -1;

  const moments = lowered.flatMap(({ name, lowered: low, lives }) => momentsOf(name, low, lives));
  const peakMoment = moments.reduce<Moment>((most, moment) => (moment.live > most.live ? moment : most), {
    name: 'start',
    program: '',
    live: 0,
    activation: 0,
    adapter: 0,
  });
  const extent = lowered.reduce((most, { packing }) => Math.max(most, packing.extent), 0);
  const firstArena = buffers.length;
  // The activation and adapter bytes are those of the peak moment; the rest of the arena, gaps of the packing included, is workspace.
  let activationLeft = peakMoment.activation;
  let adapterLeft = peakMoment.adapter;
  for (let begin = 0; begin < extent; begin += bufferBytes) {
    const bytes = Math.min(bufferBytes, extent - begin);
    const activation = Math.min(bytes, activationLeft);
    const adapter = Math.min(bytes - activation, adapterLeft);
    activationLeft -= activation;
    adapterLeft -= adapter;
    const workspace = bytes - activation - adapter;
    addBuffer({ label: `arena ${begin / bufferBytes}`, bytes, usage: 'storage', categories: { activation, workspace, adapter } });
  }

  const bytes = emptyBytes();
  const added = buffers.slice(shared);
  for (const spec of added) for (const category of categories) bytes[category] += spec.categories[category] ?? 0;
  const total = added.reduce((sum, spec) => sum + spec.bytes, 0);

  let largestBinding = { bytes: 0, name: '' };
  const noteBinding = (tensor: Tensor) => {
    const own = bytesOfTensor(tensor);
    if (own > largestBinding.bytes) largestBinding = { bytes: own, name: tensor.name };
  };
  const programs = new Map<string, PlannedProgram>();
  for (const { name, graph, lowered: low, lives, packing, uniformOffsets } of lowered) {
    for (const { node } of low.nodes) {
      for (const tensor of tensorsOf(node.inputs)) noteBinding(tensor);
      for (const tensor of tensorsOf(node.outputs)) noteBinding(tensor);
    }
    const place = (tensor: Tensor): Placement => {
      const own = bytesOfTensor(tensor);
      const fixed = placements.get(tensor);
      if (fixed) return fixed;
      if (tensor.role === 'input') return { buffer: inputBuffer, offset: inputs.offsets.get(tensor.name) as number, bytes: own };
      const { root, offset: inside } = low.locate(tensor);
      if (root !== tensor && root.role !== 'transient') {
        const whole = place(root);
        return { ...whole, offset: whole.offset + inside, bytes: own };
      }
      const begin = packing.offsets.get(root);
      if (begin === undefined) throw new Error(`'${tensor.name}' [${tensor.shape}] has no place in program '${name}'`);
      return { buffer: firstArena + Math.floor(begin / bufferBytes), offset: (begin % bufferBytes) + inside, bytes: own };
    };
    programs.set(name, { name, graph, lowered: low, lives, arena: packing, uniformOffsets, place });
  }

  return {
    forms,
    buffers,
    shared,
    programs,
    slabs: layout.slabs,
    placements,
    uniforms,
    unused,
    stepBuffer,
    results,
    readback,
    hostReadback,
    bytes,
    total,
    peak: { bytes: total, at: peakMoment.name },
    rows: peakMoment.adapter,
    timeline: moments,
    largestBinding,
  };
}

/** The calls of all programs, in order. */
export const callsOf = ({ programs }: Pick<Plan, 'programs'>): KernelCall[] =>
  [...programs.values()].flatMap(({ lowered }) => lowered.nodes.flatMap(({ calls }) => calls));

/** The same plan with kernels in other forms, which take no other bytes and no other dispatches. */
export function inForms(plan: Plan, forms: Forms): Plan {
  const programs = [...plan.programs].map(([name, { lowered, ...program }]) => {
    const nodes = lowered.nodes.map(({ node, calls }) => ({ node, calls: calls.map((call) => inForm(call, forms)) }));
    return [name, { ...program, lowered: { ...lowered, nodes } }] as const;
  });
  return { ...plan, forms, programs: new Map(programs) };
}

/** Errors where the plan asks for more than a device offers. */
export function checkLimits(plan: Plan, limits: { maxBufferSize: number; maxStorageBufferBindingSize: number }): void {
  const tooLarge = (what: string, bytes: number, limit: number) => {
    throw new RetraceError({
      code: 'plan-above-limits',
      message: `${what} needs ${bytes} bytes; this device allows ${limit} (${bytes - limit} too many).`,
      where: what,
      remedy: 'Use a smaller batch or a shorter length.',
    });
  };
  if (plan.largestBinding.bytes > limits.maxStorageBufferBindingSize) {
    tooLarge(`The tensor '${plan.largestBinding.name}'`, plan.largestBinding.bytes, limits.maxStorageBufferBindingSize);
  }
  for (const { label, bytes } of plan.buffers)
    if (bytes > limits.maxBufferSize) tooLarge(`The buffer '${label}'`, bytes, limits.maxBufferSize);
}
