// Forms: gives each call the form that was chosen for its kernel on the device at hand. A form that sums blocks of rows side by side gets room for its partial
// sums, for the length of its node, and a call that adds them. Not here: what forms there are (src/kernels/forms.ts).
// Invariant: a call's form depends on the call alone, so a layer that runs again runs the forms of the forward pass.

import type { KernelCall } from '../graph/op.ts';
import type { Registry } from '../graph/registry.ts';
import { sizeOf, type Tensor } from '../graph/tensor.ts';
import { blocksOf } from '../kernels/blocks.ts';
import { type Forms, formOf, formSpec } from '../kernels/forms.ts';
import type { LoweredNode } from './lower.ts';

/** The dispatches of a call in its form, and the partial sums that they pass on. */
export function formedCall(
  registry: Registry,
  call: KernelCall,
  forms: Forms,
): { calls: readonly KernelCall[]; partials: readonly Tensor[] } {
  const form = formOf(forms, call);
  if (form === undefined) return { calls: [call], partials: [] };
  const { blocks: byBlocks } = formSpec(call.kernel, form);
  if (!byBlocks) return { calls: [{ ...call, form }], partials: [] };
  const { T = 1, first = 0 } = call.uniforms;
  const blocks = blocksOf(call.uniforms[byBlocks.rows] as number, T, first);
  const sums = byBlocks.outputs.flatMap((name) => {
    const out = call.tensors[name];
    if (!out) return [];
    const count = sizeOf(out.shape);
    const partials = registry.tensor({ name: `${out.name} by blocks`, shape: [blocks, count], dtype: 'f32', role: 'transient' });
    return [{ name, partials, add: { kernel: 'add_blocks', tensors: { partials, out }, uniforms: { count, blocks } } as const }];
  });
  const inPlace = Object.fromEntries(sums.map(({ name, partials }) => [name, partials]));
  return {
    calls: [{ ...call, form, tensors: { ...call.tensors, ...inPlace } }, ...sums.map(({ add }) => add)],
    partials: sums.map(({ partials }) => partials),
  };
}

/** Nodes with each of their calls in its form. */
export const formed = (registry: Registry, nodes: readonly LoweredNode[], forms: Forms): LoweredNode[] =>
  nodes.map(({ node, calls }) => {
    const own = calls.map((call) => formedCall(registry, call, forms));
    const partials = own.flatMap((one) => one.partials);
    const more = Object.fromEntries(partials.map((tensor, i) => [`partials ${i}`, tensor]));
    return {
      node: partials.length > 0 ? { ...node, outputs: { ...node.outputs, ...more } } : node,
      calls: own.flatMap((one) => one.calls),
    };
  });
