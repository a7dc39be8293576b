// Differentiation by names: gradients go to the inputs that an op names, in the order in which it names them, and what is absent is an error that says so.

import { expect, test } from 'vitest';
import { backward } from './differentiate.ts';
import { Graph } from './graph.ts';
import type { NoTensors, Op } from './op.ts';
import { linear } from './ops/linear.ts';
import { Registry } from './registry.ts';
import type { Tensor } from './tensor.ts';

const graph = (training = true) => new Graph(new Registry(), { trains: () => true, storedType: () => 'f32', training });
const vector = (g: Graph, name: string): Tensor => g.input(name, [8], 'f32');

type Pair = { readonly first: Tensor; readonly second: Tensor };

/** Two outputs, of which only `y` has a gradient; the gradient of `second` is named before that of `first`. */
const pairOp: Op<Pair, { readonly y: Tensor; readonly z: Tensor }> = {
  name: 'pair',
  shapes: ({ first: { shape } }) => ({ y: { shape }, z: { shape } }),
  vjp: ({ g, d, needs }) => ({
    second: needs('second') ? g.apply(markOp, { d_y: d('y') }, { mark: 'second' }).d : undefined,
    first: needs('first') ? g.apply(markOp, { d_y: d('y') }, { mark: 'first' }).d : undefined,
  }),
  lower: () => [],
};

const markOp: Op<{ readonly d_y: Tensor }, { readonly d: Tensor }, { readonly mark: string }> = {
  name: 'mark',
  shapes: ({ d_y: { shape } }) => ({ d: { shape } }),
  lower: () => [],
};

test('gradients go to inputs by name, in the order of the op; those of a tensor that is two inputs are added', () => {
  const g = graph();
  const x = vector(g, 'x');
  const { result, tape } = g.record(() => g.apply(pairOp, { first: x, second: x }, {}));
  const [d_x] = backward(g, tape, new Map([[result.y, vector(g, 'd_y')]]), [x]);
  const appended = g.nodes.slice(tape.length);
  expect(appended.map(({ op, attributes }) => attributes['mark'] ?? op.name)).toEqual(['second', 'first', 'scale_add']);
  expect(appended[2]?.inputs).toEqual({ x: appended[0]?.outputs['d'], f: appended[1]?.outputs['d'] });
  expect(d_x).toBe(appended[2]?.outputs['y']);
});

test('an input that leads to nothing trainable gets no gradient', () => {
  const g = graph();
  const [x, constant] = [vector(g, 'x'), vector(g, 'constant')];
  const { result, tape } = g.record(() => g.apply(pairOp, { first: constant, second: x }, {}));
  backward(g, tape, new Map([[result.y, vector(g, 'd_y')]]), [x]);
  expect(g.nodes.slice(tape.length).map(({ attributes }) => attributes['mark'])).toEqual(['second']);
});

test('what a gradient lacks is named: the output that has none, the value that was not kept, the input that is no input, the op that has no gradient', () => {
  const g = graph();
  const x = vector(g, 'x');
  const { result, tape } = g.record(() => g.scope('module', () => g.apply(pairOp, { first: x, second: x }, {})));
  expect(() => backward(g, tape, new Map([[result.z, vector(g, 'd_z')]]), [x])).toThrow(
    "op 'pair' at 'module' is differentiated without a gradient of 'y'",
  );

  const evaluating = graph(false);
  const h = evaluating.input('h', [2, 8], 'f32');
  const dense = evaluating.record(() =>
    evaluating.scope('module', () => linear(evaluating, h, evaluating.weight('w', [4, 8]), { activation: 'gelu' })),
  );
  expect(() => backward(evaluating, dense.tape, new Map([[dense.result, dense.result]]), [h])).toThrow(
    "op 'linear' at 'module' is differentiated without 'pre', which is made only while training",
  );

  const misspelt: Op<Pair, { readonly y: Tensor }> = {
    name: 'misspelt',
    shapes: ({ first: { shape } }) => ({ y: { shape } }),
    vjp: ({ d }) => ({ first: d('y'), secnod: d('y') }),
    lower: () => [],
  };
  const spelt = g.record(() => g.apply(misspelt, { first: x, second: x }, {}).y);
  expect(() => backward(g, spelt.tape, new Map([[spelt.result, x]]), [x])).toThrow(
    "op 'misspelt' gives a gradient of 'secnod', which is no input of it",
  );

  const marked = g.record(() => g.scope('module', () => g.apply(markOp, { d_y: x }, { mark: '' })));
  expect(() => backward(g, marked.tape, new Map([[marked.result.d, x]]), [x])).toThrow("op 'mark' at 'module' has no gradient");
});

test('names that an op does not have, and inputs that are left out, do not compile', () => {
  const g = graph();
  const x = vector(g, 'x');
  const op = { name: 'third', shapes: () => ({}), lower: () => [] };
  // @ts-expect-error there is no input of this name
  const accumulating: Op<Pair, NoTensors> = { ...op, accumulates: ['third'] };
  const asking: Op<Pair, NoTensors> = {
    ...op,
    // @ts-expect-error there is no input of this name
    vjp: ({ take }) => ({ first: take('third') }),
  };
  expect([accumulating.name, asking.name]).toEqual(['third', 'third']);
  // @ts-expect-error `second` is left out
  expect(g.apply(pairOp, { first: x }, {}).y.shape).toEqual([8]);
});
