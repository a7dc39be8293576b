// Replays a program on the CPU in f64: the same dispatch list that the GPU runs, each kernel by its reference. Slow; it is the judge of the engine,
// and finite differences over it are the judge of gradients. No plan, no memory reuse: every tensor has storage of its own.

import type { Graph } from '../../src/graph/graph.ts';
import type { HostCall, KernelCall } from '../../src/graph/op.ts';
import { bytesPerElement, sizeOf, type Tensor } from '../../src/graph/tensor.ts';
import { kernelSpec, stepScalars } from '../../src/kernels/table.ts';
import { type HostArray, type HostRequest, hostRequest } from '../../src/offload/offload.ts';
import { type LoweredGraph, lower } from '../../src/plan/lower.ts';
import type { Step } from './kernel.ts';
import { reference } from './kernels.ts';

export const defaultStep = Object.fromEntries(Object.keys(stepScalars).map((name) => [name, 0])) as Record<
  keyof typeof stepScalars,
  number
>;

export class Interpreter {
  readonly #storage = new Map<Tensor, Float64Array>();
  readonly #lowered = new Map<Graph, LoweredGraph>();
  readonly #host: ((request: HostRequest) => readonly HostArray[]) | undefined;

  /** `host` answers what lives off the GPU, in f64. */
  constructor(host?: (request: HostRequest) => readonly HostArray[]) {
    this.#host = host;
  }

  /** The values of a tensor; zeros until something writes them. */
  values(tensor: Tensor, locate: LoweredGraph['locate'] = (own) => ({ root: own, offset: 0 })): Float64Array {
    const { root, offset } = locate(tensor);
    const known = this.#storage.get(root) ?? new Float64Array(sizeOf(root.shape));
    this.#storage.set(root, known);
    const begin = offset / bytesPerElement[root.dtype];
    return known.subarray(begin, begin + sizeOf(tensor.shape));
  }

  set(tensor: Tensor, values: ArrayLike<number>): void {
    this.values(tensor).set(values);
  }

  /** Runs a program. A range that an update works on is not known here: parameters keep their own storage. */
  run(graph: Graph, step: Partial<Step> = {}): void {
    const lowered = this.#lowered.get(graph) ?? lower(graph);
    this.#lowered.set(graph, lowered);
    for (const { node, calls } of lowered.nodes) {
      if (node.op.host) this.#ask(node.op.host(node), lowered.locate);
      for (const call of calls) this.#call(call, lowered.locate, { ...defaultStep, ...step });
    }
  }

  #ask({ request, reads, writes }: HostCall, locate: LoweredGraph['locate']): void {
    const asked = hostRequest(
      request,
      reads.map((tensor) => this.values(tensor, locate).slice()),
    );
    if (!this.#host) throw new Error(`the program asks the host for '${asked.module}', and there is none`);
    const answer = this.#host(asked);
    for (const [i, tensor] of writes.entries()) this.values(tensor, locate).set(answer[i] ?? []);
  }

  #call({ kernel, tensors, uniforms, overrides = {}, headSize = 0 }: KernelCall, locate: LoweredGraph['locate'], step: Step): void {
    const bound: Record<string, Float64Array> = {};
    for (const name of Object.keys(kernelSpec(kernel).bindings)) {
      const tensor = tensors[name];
      bound[name] = tensor ? this.values(tensor, locate) : new Float64Array(0);
    }
    reference[kernel](bound, uniforms, overrides, step, headSize);
  }
}
