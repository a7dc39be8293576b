// Lays out what lives for a whole run: frozen weights, and the trainables with their gradients and whatever the update keeps beside them. Trainables
// of a group are packed side by side, so that an update can be a few dispatches over ranges whatever the number of parameters.
// Not here: which groups there are and what an update keeps (src/train). Invariant: kinds that have a parameter's shape have its offset in all buffers.

import type { Registry } from '../graph/registry.ts';
import { bytesOfTensor, type Parameter, type Tensor } from '../graph/tensor.ts';
import type { Category } from '../protocol/config.ts';
import { aligned } from './arena.ts';
import type { BufferSpec, Placement } from './buffers.ts';

/** Trainables that an update treats alike. */
export interface ParameterGroup {
  readonly name: string;
  /** Of decoupled or coupled weight decay, as the optimizer has it. */
  readonly weight_decay: number;
  /** Factor on the step's learning rate. */
  readonly lr_scale: number;
  holds(parameter: Parameter): boolean;
}

/** What an update keeps beside trainables, by the name that checkpoints know it under. */
export interface StateSpec {
  readonly name: string;
  /** Shape of what is kept for a tensor of a parameter (a row piece, where the table is split), or undefined where nothing is. */
  shape(tensor: Tensor): readonly number[] | undefined;
}

/** How trainables are packed. */
export interface TrainablePacking {
  /** Every trainable is held by the first group that holds it. */
  readonly groups: readonly ParameterGroup[];
  /** Gradients and states are laid out only where something trains; evaluation needs neither. */
  readonly trains: boolean;
  readonly states: readonly StateSpec[];
}

/** Tensors of one kind, side by side in one buffer. */
export interface Packed {
  readonly whole: Tensor;
  /** `of` is the parameter's tensor, `tensor` what is kept for it; offset in bytes. */
  readonly pieces: readonly { readonly of: Tensor; readonly tensor: Tensor; readonly offset: number }[];
}

/** A part of a group that fits one binding. */
export interface TrainableRange {
  readonly group: ParameterGroup;
  /** `parameter`, `gradient`, and the update's states under their names; a state that nothing here has is absent. */
  readonly kinds: ReadonlyMap<string, Packed>;
}

export interface PersistentLayout {
  readonly buffers: BufferSpec[];
  readonly placements: Map<Tensor, Placement>;
  readonly ranges: TrainableRange[];
}

/** One kind of a range. Error where the plan has none, as gradients have in an engine that only evaluates. */
export function packedKind({ group, kinds }: TrainableRange, kind: string): Packed {
  const packed = kinds.get(kind);
  if (!packed) throw new Error(`the range '${group.name}' keeps no '${kind}', only ${[...kinds.keys()].join(', ')}`);
  return packed;
}

/** Cuts tensors into lists of at most `chunk` bytes, in order. */
function fill(tensors: readonly Tensor[], chunk: number): Tensor[][] {
  const lists: Tensor[][] = [];
  let used = chunk;
  for (const tensor of tensors) {
    const bytes = aligned(bytesOfTensor(tensor));
    if (used + bytes > chunk) {
      lists.push([]);
      used = 0;
    }
    lists.at(-1)?.push(tensor);
    used += bytes;
  }
  return lists;
}

const tensorsOf = (parameters: readonly Parameter[]) => parameters.flatMap(({ tensors }) => tensors);

export function layOutPersistent(registry: Registry, chunk: number, packing: TrainablePacking): PersistentLayout {
  const buffers: BufferSpec[] = [];
  const placements = new Map<Tensor, Placement>();
  const ranges: TrainableRange[] = [];

  /** Puts tensors side by side into a buffer of their own; gives their offsets and the bytes of all. */
  const place = (label: string, category: Category, tensors: readonly Tensor[]) => {
    const buffer = buffers.length;
    let bytes = 0;
    const offsets = tensors.map((tensor) => {
      const offset = bytes;
      placements.set(tensor, { buffer, offset, bytes: bytesOfTensor(tensor) });
      bytes += aligned(bytesOfTensor(tensor));
      return offset;
    });
    buffers.push({ label, bytes, usage: 'storage', categories: { [category]: bytes } });
    return { buffer, offsets, bytes };
  };

  const parameters = [...registry.parameters.values()];
  for (const [i, tensors] of fill(tensorsOf(parameters.filter((p) => !p.trainable)), chunk).entries()) {
    place(`weights ${i}`, 'weights', tensors);
  }

  const kept = ({ name, shape }: StateSpec) => ({
    kind: name,
    category: 'optimizer' as const,
    tensorOf(of: Tensor): Tensor | undefined {
      const own = shape(of);
      return own && registry.tensor({ name: `${name} ${of.name}`, shape: own, dtype: 'f32', role: 'state' });
    },
  });
  const kinds = [
    { kind: 'parameter', category: 'adapter' as const, tensorOf: (of: Tensor) => of },
    ...(packing.trains
      ? [
          { kind: 'gradient', category: 'gradient' as const, tensorOf: (of: Tensor) => registry.gradientOf(of) },
          ...packing.states.map(kept),
        ]
      : []),
  ];
  const left = new Set(parameters.filter((p) => p.trainable));
  for (const group of packing.groups) {
    const held = [...left].filter((parameter) => group.holds(parameter));
    for (const parameter of held) left.delete(parameter);
    // A range is bound whole, so it is at most one binding on a device with default limits.
    for (const [i, tensors] of fill(tensorsOf(held), registry.maxBinding).entries()) {
      const packed = kinds.flatMap(({ kind, category, tensorOf }): [string, Packed][] => {
        const pairs = tensors.flatMap((of) => {
          const tensor = tensorOf(of);
          return tensor ? [{ of, tensor }] : [];
        });
        if (pairs.length === 0) return [];
        const name = `${kind} ${group.name} ${i}`;
        const own = pairs.map(({ tensor }) => tensor);
        const { buffer, offsets, bytes } = place(name, category, own);
        const whole = registry.tensor({ name, shape: [bytes / 4], dtype: 'f32', role: 'state' });
        placements.set(whole, { buffer, offset: 0, bytes });
        return [[kind, { whole, pieces: pairs.map((pair, j) => ({ ...pair, offset: offsets[j] as number })) }]];
      });
      ranges.push({ group, kinds: new Map(packed) });
    }
  }
  if (left.size > 0) throw new Error(`no group holds ${[...left].map(({ name }) => name).join(', ')}`);
  return { buffers, placements, ranges };
}
