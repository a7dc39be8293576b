// Errors of a model or a method that is larger than what a run has room for.

import { RetraceError } from '../protocol/errors.ts';

/** `places` can be watched, and `place` is one more. */
export const tooManyLayers = (place: string, places: number) =>
  new RetraceError({
    code: 'too-many-layers',
    message: `The model has more layers than the ${places} places that a run can watch; '${place}' has none.`,
    where: place,
    remedy: 'Use a model of fewer layers. Layers that are undone over float streams take four places each, all others at most two.',
  });

export const aboveBinding = (name: string, shape: readonly number[], bytes: number, binding: number) =>
  new RetraceError({
    code: 'tensor-above-binding',
    message: `The parameter '${name}' [${shape.join(', ')}] takes ${bytes} bytes; one binding holds ${binding}.`,
    where: name,
    remedy: 'Make it smaller (a rank, a bottleneck, a hidden size), or use a device with larger bindings.',
  });
