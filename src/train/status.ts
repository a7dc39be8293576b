// Reads the status of a step: the largest magnitude at every watched place, and from it whether a number has left its range.
// Invariant: an overflow or a non-finite number is an error that names the first place in forward order, never a number that goes on.

import { statusSlots } from '../graph/ops/watch.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { LayerError } from '../protocol/messages.ts';
import { reconstructionPlaces, sampledLayer } from '../stack/policies/reversible.ts';

export interface Magnitude {
  readonly value: number;
  readonly at: string;
}

export interface StepStatus {
  readonly largest: Magnitude;
  /** Where the inverse rounds: what each layer's rebuilt streams lost, bottom first. */
  readonly reconstruction?: readonly LayerError[];
}

/** `limit` is the magnitude at which fixed streams overflow, or infinity for float ones. */
export function readStatus(status: ArrayBuffer, places: readonly string[], limit: number, step: number): StepStatus {
  const values = new Float32Array(status, 0, statusSlots);
  let largest: Magnitude = { value: 0, at: '' };
  const read = (place: string): number | undefined => values[places.indexOf(place)];
  const reconstruction: LayerError[] = [];
  for (const [slot, at] of places.entries()) {
    const value = values[slot] as number;
    const layer = sampledLayer(at);
    if (layer !== undefined) {
      const magnitude = read(reconstructionPlaces(layer)[1]) ?? 0;
      if (at === reconstructionPlaces(layer)[0]) reconstruction.push({ layer, error: value / Math.max(magnitude, 1e-30) });
      continue;
    }
    if (!Number.isFinite(value)) throw notFinite(at, step);
    if (value >= limit) throw overflow(at, value, limit, step);
    if (value > largest.value) largest = { value, at };
  }
  // Slots were given going backward, from the top.
  return reconstruction.length === 0 ? { largest } : { largest, reconstruction: reconstruction.reverse() };
}

const notFinite = (at: string, step: number) =>
  new RetraceError({
    code: 'not-finite',
    message: `A number is not finite after '${at}' at step ${step}.`,
    where: at,
    remedy: 'Training has stopped. Lower the learning rate, or raise the warm-up.',
  });

const overflow = (at: string, value: number, limit: number, step: number) =>
  new RetraceError({
    code: 'stream-overflow',
    message: `The fixed-point stream after '${at}' reached a magnitude of ${value.toPrecision(4)} at step ${step}; it holds up to ${limit}.`,
    where: at,
    remedy: 'Training has stopped. Use fewer fraction bits (each bit less doubles the range), or lower the learning rate.',
  });

const undone = ({ layer, error }: LayerError, step: number) =>
  new RetraceError({
    code: 'not-finite',
    message: `The gradient norm is not finite at step ${step}: layers were undone over float streams, and those rebuilt below '${layer}' are ${Number.isFinite(error) ? `${error.toPrecision(2)} times their own size away` : 'not finite'}.`,
    where: layer,
    remedy:
      'Training has stopped. Use fixed streams, whose inverse is exact; or take snapshots of the streams, undo fewer layers, or raise λ and β.',
  });

/** The same for a loss or a gradient norm, which stand for no layer; `reconstruction` is what the inverse lost, where it rounds. */
export function requireFinite(name: 'loss' | 'grad_norm', value: number, step: number, reconstruction: readonly LayerError[] = []): void {
  if (Number.isFinite(value)) return;
  const lost = reconstruction.find(({ error }) => !(error < 1));
  throw name === 'grad_norm' && lost ? undone(lost, step) : notFinite(name, step);
}
