// Ops that consume a value: in place where nobody needs it any more, on a copy where somebody does.

import { expect, test } from 'vitest';
import { Graph, Registry } from './ir.ts';
import { lower } from './lower.ts';
import { add, copy, scaleAdd } from './ops/elementwise.ts';

const graph = () => new Graph(new Registry(), { trains: () => false, storedType: () => 'f32', training: true });

test('a consumed value that nobody reads later shares its storage with the result', () => {
  const g = graph();
  const x = copy(g, g.input('x', [8], 'f32'));
  const y = scaleAdd(g, x, 2);
  const lowered = lower(g);
  expect(lowered.nodes.map(({ node }) => node.op.name)).toEqual(['copy', 'scale_add']);
  expect(lowered.root(y)).toBe(x);
});

test('a consumed value that is read later, kept, or an input is copied first, and the reader sees it unchanged', () => {
  const g = graph();
  const input = g.input('x', [8], 'f32');
  const doubled = scaleAdd(g, input, 2);
  const tripled = scaleAdd(g, doubled, 3);
  const sum = add(g, tripled, doubled);
  const names = (kept = [] as (typeof sum)[]) => lower(g, kept).nodes.map(({ node }) => node.op.name);
  expect(names()).toEqual(['copy', 'scale_add', 'copy', 'scale_add', 'scale_add']);
  expect(names([tripled])).toEqual(['copy', 'scale_add', 'copy', 'scale_add', 'copy', 'scale_add']);
  expect(lower(g).root(doubled)).not.toBe(lower(g).root(tripled));
});

test('a value that an op consumes and reads at once is copied', () => {
  const g = graph();
  const x = copy(g, g.input('x', [8], 'f32'));
  add(g, x, x);
  expect(lower(g).nodes.map(({ node }) => node.op.name)).toEqual(['copy', 'copy', 'scale_add']);
});

test('lowering twice gives the same and leaves the graph as it was', () => {
  const g = graph();
  scaleAdd(g, g.input('x', [8], 'f32'), 2);
  const count = g.nodes.length;
  expect(lower(g).nodes).toHaveLength(2);
  expect(lower(g).nodes).toHaveLength(2);
  expect(g.nodes).toHaveLength(count);
});
