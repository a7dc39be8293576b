// Which nodes stand earlier than they were traced: beside the node that can do their work, and never out of their section.

import { expect, test } from 'vitest';
import { backward } from '../graph/differentiate.ts';
import { Graph } from '../graph/graph.ts';
import { copy, dropout, scaleAdd } from '../graph/ops/elementwise.ts';
import { layerNorm } from '../graph/ops/layer_norm.ts';
import { streamCouple, streamQuantize, streamRead } from '../graph/ops/stream.ts';
import { Registry } from '../graph/registry.ts';
import type { Tensor } from '../graph/tensor.ts';
import { ordered } from './order.ts';

const graph = () => new Graph(new Registry(), { trains: () => false, storedType: () => 'f32', training: true });
const scale = 2 ** 16;
const options = { scale, shift: 1, keepBits: false, place: 'stream' };
const namesOf = (g: Graph) => ordered(g.nodes).map(({ op }) => op.name);

/** A stream that has been coupled, and what it was coupled with. */
function coupled(g: Graph) {
  const f = g.input('f', [2, 3, 4], 'f32');
  return { f, y: streamCouple(g, streamQuantize(g, f, scale, 'stream'), f, options).y };
}

test('a stream is read while it is coupled, in its section alone', () => {
  const inside = graph();
  inside.section('layer', () => {
    const { f, y } = coupled(inside);
    copy(inside, f);
    streamRead(inside, y, scale);
  });
  expect(namesOf(inside)).toEqual(['stream_quantize', 'stream_couple', 'stream_read', 'copy']);

  const across = graph();
  const { f, y } = across.section('layer', () => coupled(across));
  across.section('next', () => {
    copy(across, f);
    streamRead(across, y, scale);
  });
  expect(namesOf(across)).toEqual(['stream_quantize', 'stream_couple', 'copy', 'stream_read']);
});

test('a stream that was read few nodes before is not read again, and its reader takes the floats that are there', () => {
  const g = graph();
  const { f, y } = coupled(g);
  const first = streamRead(g, y, scale);
  const again = copy(g, streamRead(g, y, scale));
  const nodes = ordered(g.nodes);
  expect(nodes.map(({ op }) => op.name)).toEqual(['stream_quantize', 'stream_couple', 'stream_read', 'copy']);
  expect(nodes.at(-1)).toMatchObject({ inputs: { x: first }, outputs: { y: again } });

  for (let i = 0; i < 8; i++) copy(g, f);
  copy(g, streamRead(g, y, scale));
  expect(ordered(g.nodes).filter(({ op }) => op.name === 'stream_read')).toHaveLength(2);
});

test("a norm's gradient is dropped out, and the stream's gradient above it scaled, while the norm's is made", () => {
  const g = graph();
  const d_y = g.input('d_y', [2, 3, 4], 'f32');
  const [x, weight, bias] = ([[2, 3, 4], [4], [4]] as const).map((shape, i) => g.input(`${i}`, shape, 'f32')) as [Tensor, Tensor, Tensor];
  const { result, tape } = g.record(() => layerNorm(g, x, weight, bias, 1e-6));
  const [d_s] = backward(g, tape, new Map([[result, d_y]]), [x]) as [Tensor];
  copy(g, d_s);
  dropout(g, d_s, 0.5, 'branch');
  scaleAdd(g, d_y, 0.5);
  expect(namesOf(g)).toEqual(['layer_norm', 'layer_norm_backward', 'scale_add', 'dropout', 'copy']);

  // Where another reads the gradient after the norm, it is not scaled before.
  copy(g, d_y);
  scaleAdd(g, d_y, 0.5);
  expect(namesOf(g).slice(-2)).toEqual(['copy', 'scale_add']);
});
