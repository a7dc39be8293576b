// A memory policy: how the activations of a range of layers come back in the backward pass. A policy knows layers, never a method.

import type { PolicyName } from '../../protocol/config.ts';
import type { Graph, Tensor } from '../ir.ts';
import type { Layer, StreamState } from '../layers.ts';

/** Runs a range of layers; `backward` later maps the gradients of the output streams to those of the input streams. */
export interface RangeRun {
  readonly streams: readonly Tensor[];
  /** `above` are the range's output streams as the range above (which may have rebuilt them) leaves them; `wanted`: the input's gradient is. */
  backward(above: StreamState, wanted: boolean): StreamState;
}

export interface Policy {
  readonly name: PolicyName;
  run(g: Graph, layers: readonly Layer[], streams: readonly Tensor[]): RangeRun;
}
