// The bind groups of a plan's dispatches, made when they are first asked for. Layers, padded lengths and programs that bind one kernel's tensors at the same places
// share one. Invariant: no two of them are equal, and none is made twice.

import type { KernelCall } from '../graph/op.ts';
import { type KernelName, kernelSpec } from '../kernels/table.ts';
import { alignment } from '../plan/arena.ts';
import type { Placement } from '../plan/buffers.ts';
import type { Plan, PlannedProgram } from '../plan/plan.ts';

interface BindGroupSource {
  readonly device: Pick<GPUDevice, 'createBindGroup'>;
  readonly plan: Pick<Plan, 'uniforms' | 'stepBuffer' | 'unused'>;
  layout(kernel: KernelName): GPUBindGroupLayout;
  buffer(index: number): GPUBuffer;
}

export class BindGroups {
  readonly #source: BindGroupSource;
  readonly #made = new Map<string, GPUBindGroup>();

  constructor(source: BindGroupSource) {
    this.#source = source;
  }

  /** How many there are by now. */
  get count(): number {
    return this.#made.size;
  }

  /** That of a call of a program, whose uniforms lie at this offset. */
  of(program: Pick<PlannedProgram, 'place'>, call: KernelCall, uniformOffset: number): GPUBindGroup {
    const places = this.#places(program, call, uniformOffset);
    const key = places.reduce<string>((known, { buffer, offset, bytes }) => `${known} ${buffer} ${offset} ${bytes}`, call.kernel);
    let group = this.#made.get(key);
    if (!group) {
      const resources = places.map(({ buffer, offset, bytes }) => ({ buffer: this.#source.buffer(buffer), offset, size: bytes }));
      const entries = resources.map((resource, binding) => ({ binding, resource }));
      group = this.#source.device.createBindGroup({ label: call.kernel, layout: this.#source.layout(call.kernel), entries });
      this.#made.set(key, group);
    }
    return group;
  }

  /** By binding: the tensors, the call's uniforms, and a step's scalars where the kernel reads them. */
  #places(program: Pick<PlannedProgram, 'place'>, { kernel, tensors }: KernelCall, uniformOffset: number): Placement[] {
    const spec = kernelSpec(kernel);
    const { uniforms, stepBuffer } = this.#source.plan;
    const places = Object.entries(spec.bindings).map(([name, access], binding) => {
      const tensor = tensors[name];
      const { bytes, ...place } = tensor ? program.place(tensor) : this.#unused(access, binding);
      return { ...place, bytes: Math.ceil(bytes / 4) * 4 };
    });
    places.push({ buffer: uniforms.buffer, offset: uniformOffset, bytes: Math.ceil(Object.keys(spec.uniforms).length / 4) * 16 });
    if (spec.step) places.push({ buffer: stepBuffer, offset: 0, bytes: alignment });
    return places;
  }

  /** A range of its own for each binding, since two written bindings may not overlap. */
  #unused(access: 'read' | 'read_write', binding: number): Placement {
    const [readOnly, written] = this.#source.plan.unused;
    return access === 'read'
      ? { buffer: readOnly, offset: 0, bytes: alignment }
      : { buffer: written, offset: binding * alignment, bytes: alignment };
  }
}
