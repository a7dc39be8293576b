// Which tensors lie inside which: the output of an op that works in place in its input, parts in their whole, a whole around its parts.
// Invariant: a storage is laid into another at most once, and never into one that lies in it.

import { bytesOfTensor, type Tensor } from '../graph/tensor.ts';

/** Where a tensor lies: at a byte of the storage of another (of itself where it has its own). */
export interface Location {
  readonly root: Tensor;
  readonly offset: number;
}

export class Storage {
  readonly #inside = new Map<Tensor, Location>();

  /** Byte and outermost storage of a tensor. */
  locate(tensor: Tensor): Location {
    let root = tensor;
    let offset = 0;
    for (let next = this.#inside.get(root); next; next = this.#inside.get(root)) {
      root = next.root;
      offset += next.offset;
    }
    return { root, offset };
  }

  /** Lays `tensor` at a byte of `outer`. */
  lay(tensor: Tensor, outer: Tensor, offset: number): void {
    if (tensor !== outer) this.#inside.set(tensor, { root: outer, offset });
  }

  /** Lays parts one after the other into their whole. */
  scatter(whole: Tensor, parts: readonly Tensor[]): void {
    let offset = 0;
    for (const part of parts) {
      this.lay(part, whole, offset);
      offset += bytesOfTensor(part);
    }
  }

  /**
   * Lays a new whole. Where its parts lie one after the other already, it lies over them. Else parts that have storage of their own are moved into it,
   * and those that have not come back: they must be copied.
   */
  gather(whole: Tensor, parts: readonly Tensor[]): { part: Tensor; offset: number }[] {
    const first = this.locate(parts[0] as Tensor);
    const left: { part: Tensor; offset: number }[] = [];
    let offset = 0;
    const offsets = parts.map((part) => {
      const begin = offset;
      offset += bytesOfTensor(part);
      return begin;
    });
    const inARow = parts.every((part, i) => {
      const at = this.locate(part);
      return at.root === first.root && at.offset === first.offset + (offsets[i] as number);
    });
    if (inARow && first.root.role === 'transient') {
      this.lay(whole, first.root, first.offset);
      return [];
    }
    for (const [i, part] of parts.entries()) {
      const begin = offsets[i] as number;
      const at = this.locate(part);
      const free = at.root.role === 'transient' && at.offset === 0 && bytesOfTensor(at.root) === bytesOfTensor(part) && at.root !== whole;
      if (free) this.lay(at.root, whole, begin);
      else left.push({ part, offset: begin });
    }
    return left;
  }
}
