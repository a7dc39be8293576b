// Ops that consume a value: in place where nobody needs it any more, on a copy where somebody does.

import { expect, test } from 'vitest';
import { Graph } from '../graph/graph.ts';
import type { Op } from '../graph/op.ts';
import { add, copy } from '../graph/ops/elementwise.ts';
import { concat, split } from '../graph/ops/parts.ts';
import { Registry } from '../graph/registry.ts';
import type { Tensor } from '../graph/tensor.ts';
import { lower } from './lower.ts';

const graph = () => new Graph(new Registry(), { trains: () => false, storedType: () => 'f32', training: true });

/** Something made in place of x. */
const consume = (g: Graph, x: Tensor): Tensor => add(g, x, g.input(`f ${x.shape}`, x.shape, 'f32'));

test('a consumed value that nobody reads later shares its storage with the result', () => {
  const g = graph();
  const x = copy(g, g.input('x', [8], 'f32'));
  const y = consume(g, x);
  const lowered = lower(g, [y]);
  expect(lowered.nodes.map(({ node }) => node.op.name)).toEqual(['copy', 'scale_add']);
  expect(lowered.locate(y).root).toBe(x);
});

test('a consumed value that is read later, kept, or an input is copied first, and the reader sees it unchanged', () => {
  const g = graph();
  const input = g.input('x', [8], 'f32');
  const doubled = consume(g, input);
  const tripled = consume(g, doubled);
  const sum = add(g, tripled, doubled);
  const names = (kept: (typeof sum)[]) => lower(g, [sum, ...kept]).nodes.map(({ node }) => node.op.name);
  expect(names([])).toEqual(['copy', 'scale_add', 'copy', 'scale_add', 'scale_add']);
  expect(names([tripled])).toEqual(['copy', 'scale_add', 'copy', 'scale_add', 'copy', 'scale_add']);
  const { locate } = lower(g, [sum]);
  expect(locate(doubled).root).not.toBe(locate(tripled).root);
});

test('a value that an op consumes and reads at once is copied', () => {
  const g = graph();
  const x = copy(g, g.input('x', [8], 'f32'));
  expect(lower(g, [add(g, x, x)]).nodes.map(({ node }) => node.op.name)).toEqual(['copy', 'copy', 'scale_add']);
});

test('lowering twice gives the same and leaves the graph as it was', () => {
  const g = graph();
  const y = consume(g, g.input('x', [8], 'f32'));
  const count = g.nodes.length;
  expect(lower(g, [y]).nodes).toHaveLength(2);
  expect(lower(g, [y]).nodes).toHaveLength(2);
  expect(g.nodes).toHaveLength(count);
});

test('an op that would work in place of what is not there is refused by name', () => {
  const g = graph();
  const op: Op<{ readonly x: Tensor | undefined }, { readonly y: Tensor }> = {
    name: 'lost',
    shapes: () => ({ y: { shape: [8] } }),
    inPlace: () => [['y', 'x']],
    lower: () => [],
  };
  const { y } = g.apply(op, { x: undefined }, {});
  expect(() => lower(g, [y])).toThrow("op 'lost' would make 'y' in place of 'x'; one of them is not there");
});

test('what nothing reads is not run', () => {
  const g = graph();
  const x = g.input('x', [8], 'f32');
  consume(g, copy(g, x));
  expect(lower(g, [copy(g, x)]).nodes.map(({ node }) => node.op.name)).toEqual(['copy']);
});

test('parts lie in the whole that they come from, and results made in place of all parts are a whole again, without a copy', () => {
  const g = graph();
  const x = copy(g, g.input('x', [4, 64], 'f32'));
  const y = concat(
    g,
    split(g, x, [1, 3]).map((part) => consume(g, part)),
  );
  const { nodes, locate } = lower(g, [y]);
  expect(nodes.flatMap(({ calls }) => calls.map(({ kernel }) => kernel))).toEqual(['copy', 'scale_add', 'scale_add']);
  expect(locate(y)).toEqual({ root: x, offset: 0 });
});

test('parts with storage of their own are born inside the whole; a part that lies elsewhere is copied into it', () => {
  const g = graph();
  const x = copy(g, g.input('x', [2, 64], 'f32'));
  const [first, second] = split(g, x, [1, 1]) as [Tensor, Tensor];
  const fresh = copy(g, first);
  const y = concat(g, [fresh, second]);
  const { nodes, locate } = lower(g, [y, x]);
  expect(locate(fresh)).toEqual({ root: y, offset: 0 });
  expect(nodes.flatMap(({ calls }) => calls.map(({ kernel }) => kernel))).toEqual(['copy', 'copy', 'copy']);
});

test('a part is not consumed while its whole or an overlapping part is needed, but the other parts do not hold it back', () => {
  const g = graph();
  const x = copy(g, g.input('x', [2, 64], 'f32'));
  const [first, second] = split(g, x, [1, 1]) as [Tensor, Tensor];
  const doubled = consume(g, first);
  const tripled = consume(g, second);
  const kernels = (kept: Tensor[]) => lower(g, kept).nodes.flatMap(({ calls }) => calls.map(({ kernel }) => kernel));
  expect(kernels([doubled, tripled])).toEqual(['copy', 'scale_add', 'scale_add']);
  expect(kernels([doubled, tripled, x])).toEqual(['copy', 'copy', 'scale_add', 'copy', 'scale_add']);
});
