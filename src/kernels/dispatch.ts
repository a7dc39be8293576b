// How many workgroups a call takes, by the kernel table and the table of forms. Not here: what is dispatched when (src/gpu/executor.ts).

import { type FormedCall, formSpec } from './forms.ts';
import { kernelSpec } from './table.ts';

/** Workgroup counts of a call. */
export function dispatchSize(call: FormedCall): [number, number, number] {
  const { kernel, form, uniforms } = call;
  const { work, tile } = { ...kernelSpec(kernel), ...(form === undefined ? {} : formSpec(kernel, form)) };
  const extent = (factors: readonly (string | number)[] | undefined) =>
    (factors ?? []).reduce<number>((product, factor) => product * (typeof factor === 'number' ? factor : (uniforms[factor] as number)), 1);
  return workgroups(tile, extent(work[0]), extent(work[1]));
}

/** Workgroup counts for `x` (by `y`) units of work, `tile` to a workgroup; one number: folded into y past 65535 workgroups. */
export function workgroups([tileX, tileY]: readonly [number] | readonly [number, number], x: number, y = 1): [number, number, number] {
  const groups = Math.max(1, Math.ceil(x / tileX));
  if (tileY !== undefined) return [groups, Math.max(1, Math.ceil(y / tileY)), 1];
  return groups <= 65535 ? [groups, 1, 1] : [65535, Math.ceil(groups / 65535), 1];
}
