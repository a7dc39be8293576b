// What all programs of a run share, so that they agree on what exists: parameters, their gradients, results, and what lasts between programs.
// Not here: where any of it lies (src/plan), what is a program's own (graph.ts).
// Invariant: one name, one tensor, whichever program names it first.

import type { DType, Parameter, Tensor } from './tensor.ts';

/** Largest storage binding on a device with default limits. */
export const defaultMaxBinding = 128 * 2 ** 20;

/** Parameters, gradients, results and lasting tensors of a run, by name. */
export class Registry {
  readonly parameters = new Map<string, Parameter>();
  readonly gradients = new Map<number, Tensor>();
  readonly results = new Map<string, Tensor>();
  readonly lastings = new Map<string, Tensor>();
  /** Tables above this many bytes are split into pieces, and trainables are cut into slabs, so that each fits a binding. */
  readonly maxBinding: number;
  readonly #shared = new Map<unknown, unknown>();
  #nextId = 0;

  constructor(maxBinding = defaultMaxBinding) {
    this.maxBinding = maxBinding;
  }

  tensor(fields: Omit<Tensor, 'id'>): Tensor {
    return { id: this.#nextId++, ...fields };
  }

  result(name: string, shape: readonly number[], dtype: DType): Tensor {
    const known = this.results.get(name);
    if (known) return known;
    const created = this.tensor({ name, shape, dtype, role: 'result' });
    this.results.set(name, created);
    return created;
  }

  /** A tensor that the next program finds as the last one left it; zeros before the first. */
  lasting(name: string, shape: readonly number[], dtype: DType): Tensor {
    const known = this.lastings.get(name);
    if (known && known.shape.join() !== shape.join()) throw new Error(`'${name}' lasts as [${known.shape}] and as [${shape}]`);
    const tensor = known ?? this.tensor({ name, shape, dtype, role: 'lasting' });
    this.lastings.set(name, tensor);
    return tensor;
  }

  /** For programs of their own beside those of this run: the same parameters, other results. */
  beside(): Registry {
    const other = new Registry(this.maxBinding);
    for (const [name, parameter] of this.parameters) other.parameters.set(name, parameter);
    return other;
  }

  /** Parameters that live off the GPU: they have no tensor there. */
  get hostParameters(): readonly Parameter[] {
    return [...this.parameters.values()].filter(({ tensors }) => tensors.length === 0);
  }

  /** The run's one object of a class: what a feature must know of all programs beside their tensors. */
  shared<T extends object>(kind: new () => T): T {
    const known = this.#shared.get(kind);
    if (known instanceof kind) return known;
    const created = new kind();
    this.#shared.set(kind, created);
    return created;
  }

  /** Where the gradient of a trainable parameter's tensor is accumulated. */
  gradientOf(parameterTensor: Tensor): Tensor {
    const known = this.gradients.get(parameterTensor.id);
    if (known) return known;
    if (!parameterTensor.parameter?.trainable) throw new Error(`'${parameterTensor.name}' is frozen and has no gradient`);
    const created = this.tensor({ ...parameterTensor, name: `d_${parameterTensor.name}`, role: 'gradient' });
    this.gradients.set(parameterTensor.id, created);
    return created;
  }
}
