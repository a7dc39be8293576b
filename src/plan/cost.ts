// What a dispatch costs, counted from shapes: multiply-adds, bytes that it reads and writes, elements, workgroups; and their sums over a program. Not here:
// how long that takes (time.ts). Invariant: bytes are those of the tensors that are bound, each place once, so that a view counts as what is seen of it and a
// value that is changed in place as read and written.

import { type KernelCall, type Node, tensorsOf } from '../graph/op.ts';
import { bytesOfTensor, type Tensor } from '../graph/tensor.ts';
import { dispatchSize } from '../kernels/dispatch.ts';
import { kernelSpec } from '../kernels/table.ts';
import type { LoweredGraph, LoweredNode } from './lower.ts';
import type { Location } from './storage.ts';
import { multiplyAdds, touchedBytes } from './work.ts';

export interface DispatchCost {
  readonly kernel: KernelCall['kernel'];
  readonly multiplyAdds: number;
  readonly bytes_read: number;
  readonly bytes_written: number;
  readonly workgroups: number;
}

export interface ProgramCost extends Omit<DispatchCost, 'kernel'> {
  readonly dispatches: number;
}

/** A stretch of a storage: [begin, end) of `root`. */
interface Stretch {
  readonly root: Tensor;
  readonly begin: number;
  readonly end: number;
}

const meet = (a: Stretch, b: Stretch): boolean => a.root === b.root && a.begin < b.end && b.begin < a.end;

/** The inputs that a node adds to; of fused ones, whose names have the dispatch before them, gradients of parameters are what is added to. */
const addedTo = ({ op, inputs, place }: Node): Tensor[] =>
  Object.entries(inputs).flatMap(([name, input]) => {
    const own = input === undefined ? [] : 'id' in input ? [input] : input;
    const fused = name.includes('.') && place.phase !== 'update';
    return own.filter(({ role }) => op.accumulates?.includes(name) || (fused && (role === 'gradient' || role === 'result')));
  });

/** The cost of each dispatch of a node, in order. */
export function costsOfNode({ node, calls }: LoweredNode, locate: (tensor: Tensor) => Location): DispatchCost[] {
  const stretchOf = (tensor: Tensor): Stretch => {
    const { root, offset } = locate(tensor);
    return { root, begin: offset, end: offset + bytesOfTensor(tensor) };
  };
  const added = addedTo(node).map(stretchOf);
  const made = new Set(tensorsOf(node.outputs));
  // Of dispatches that fused the second one's input may be what the first one makes, which then stays in registers.
  const read = tensorsOf(node.inputs)
    .filter((input) => !made.has(input))
    .map(stretchOf);
  const written = [...tensorsOf(node.outputs).map(stretchOf), ...added];
  return calls.map((call) => {
    const { count } = call.uniforms;
    // A buffer of which a part is worked on is not gone through whole.
    const most = count === undefined ? Number.POSITIVE_INFINITY : 4 * count;
    const bound: Stretch[] = [];
    let [bytes_read, bytes_written] = [0, 0];
    for (const name of Object.keys(kernelSpec(call.kernel).bindings)) {
      const tensor = call.tensors[name];
      if (!tensor) continue;
      const own = stretchOf(tensor);
      if (bound.some((other) => other.root === own.root && other.begin === own.begin && other.end === own.end)) continue;
      bound.push(own);
      const bytes = Math.min(most, touchedBytes(call, name));
      const isWritten = written.some((other) => meet(own, other));
      if (isWritten) bytes_written += bytes;
      // What a first dispatch of a node leaves for the second one is neither its input nor its output.
      if (!isWritten || read.some((other) => meet(own, other))) bytes_read += bytes;
    }
    const workgroups = dispatchSize(call).reduce((product, own) => product * own, 1);
    return { kernel: call.kernel, multiplyAdds: multiplyAdds(call), bytes_read, bytes_written, workgroups };
  });
}

/** The sums over the dispatches of a program. */
export function costOfProgram({ nodes, locate }: LoweredGraph): ProgramCost {
  const sums = { dispatches: 0, multiplyAdds: 0, bytes_read: 0, bytes_written: 0, workgroups: 0 };
  for (const lowered of nodes) {
    for (const cost of costsOfNode(lowered, locate)) {
      sums.dispatches++;
      sums.multiplyAdds += cost.multiplyAdds;
      sums.bytes_read += cost.bytes_read;
      sums.bytes_written += cost.bytes_written;
      sums.workgroups += cost.workgroups;
    }
  }
  return sums;
}
