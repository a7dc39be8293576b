// Lays out what lives for a whole run: frozen weights, the trainables with their gradients and the optimizer's state, and what programs leave for each other. Trainables
// of a group are packed side by side, so that an update can be a few dispatches over slabs, whatever the number of parameters.
// Not here: which groups there are and what an update keeps (src/train). Invariant: kinds that have the parameter's shape (its gradient, say) lie at the same offset in their buffers.

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

/** What an optimizer keeps beside trainables, by the name that checkpoints know it under. */
export interface StateSpec {
  readonly name: string;
  /** Shape of what is kept for a tensor of a parameter (a piece, where the table is split), or undefined where nothing is. */
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
  /** `of` is a parameter's tensor, `tensor` what this kind has for it; offset in bytes. */
  readonly members: readonly { readonly of: Tensor; readonly tensor: Tensor; readonly offset: number }[];
}

/** Trainables of one group, side by side, that fit one binding together. */
export interface TrainableSlab {
  readonly group: ParameterGroup;
  /** `parameter`, `gradient`, and the optimizer's states by name; a state that no member has is absent. */
  readonly kinds: ReadonlyMap<string, Packed>;
}

export interface PersistentLayout {
  readonly buffers: BufferSpec[];
  readonly placements: Map<Tensor, Placement>;
  readonly slabs: TrainableSlab[];
}

/** One kind of a slab. Error where the plan has none, as gradients have in an engine that only evaluates. */
export function packedKind({ group, kinds }: TrainableSlab, kind: string): Packed {
  const packed = kinds.get(kind);
  if (!packed) throw new Error(`the slab '${group.name}' keeps no '${kind}', only ${[...kinds.keys()].join(', ')}`);
  return packed;
}

/** Cuts tensors into lists of at most `most` bytes, in order. */
function fill(tensors: readonly Tensor[], most: number): Tensor[][] {
  const lists: Tensor[][] = [];
  let used = most;
  for (const tensor of tensors) {
    const bytes = aligned(bytesOfTensor(tensor));
    if (used + bytes > most) {
      lists.push([]);
      used = 0;
    }
    lists.at(-1)?.push(tensor);
    used += bytes;
  }
  return lists;
}

const tensorsOf = (parameters: readonly Parameter[]) => parameters.flatMap(({ tensors }) => tensors);

/** Adds what programs leave for each other: activations that stay. */
export function layOutLasting(
  registry: Registry,
  bufferBytes: number,
  { buffers, placements }: Pick<PersistentLayout, 'buffers' | 'placements'>,
): void {
  for (const [i, tensors] of fill([...registry.lastings.values()], bufferBytes).entries()) {
    let bytes = 0;
    for (const tensor of tensors) {
      placements.set(tensor, { buffer: buffers.length, offset: bytes, bytes: bytesOfTensor(tensor) });
      bytes += aligned(bytesOfTensor(tensor));
    }
    buffers.push({ label: `lasting ${i}`, bytes, usage: 'storage', categories: { activation: bytes } });
  }
}

export function layOutPersistent(registry: Registry, bufferBytes: number, packing: TrainablePacking): PersistentLayout {
  const buffers: BufferSpec[] = [];
  const placements = new Map<Tensor, Placement>();
  const slabs: TrainableSlab[] = [];

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
  for (const [i, tensors] of fill(tensorsOf(parameters.filter((p) => !p.trainable)), bufferBytes).entries()) {
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
    // A slab is bound whole, so it is at most one binding on a device with default limits.
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
        return [[kind, { whole, members: pairs.map((pair, j) => ({ ...pair, offset: offsets[j] as number })) }]];
      });
      slabs.push({ group, kinds: new Map(packed) });
    }
  }
  if (left.size > 0) throw new Error(`no group holds ${[...left].map(({ name }) => name).join(', ')}`);
  return { buffers, placements, slabs };
}
