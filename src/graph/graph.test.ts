// What programs of a run share, and the limits of what a run may name: each is an error that says what to make smaller.

import { expect, test } from 'vitest';
import { Graph } from './graph.ts';
import { statusSlots, WatchedPlaces } from './ops/watch.ts';
import { Registry } from './registry.ts';

const graphOf = (registry: Registry) => new Graph(registry, { trains: () => true, storedType: () => 'f32', training: true });

test('a matrix that is larger than a binding is refused with both sizes, where its op can not take it in pieces', () => {
  const g = graphOf(new Registry(1024));
  expect(g.parameter('table', [64, 8]).tensors.length).toBe(2);
  expect(() => g.weight('read.rnn.weight_ih', [64, 8])).toThrow(
    expect.objectContaining({
      code: 'tensor-above-binding',
      message: "The parameter 'read.rnn.weight_ih' [64, 8] takes 2048 bytes; one binding holds 1024.",
      where: 'read.rnn.weight_ih',
    }),
  );
  expect(g.weight('small', [32, 8]).shape).toEqual([32, 8]);
});

test('more layers than there is room to watch are refused with their number', () => {
  const places = new WatchedPlaces();
  for (let i = 0; i < statusSlots; i++) expect(places.slot(`encoder.layer.${i}`)).toBe(i);
  expect(places.slot('encoder.layer.7')).toBe(7);
  expect(() => places.slot('encoder.layer.512')).toThrow(
    expect.objectContaining({ code: 'too-many-layers', where: 'encoder.layer.512', message: expect.stringContaining(String(statusSlots)) }),
  );
});

test('what a feature knows of a run is one object for all its programs, and another for another run', () => {
  const [registry, other] = [new Registry(), new Registry()];
  registry.shared(WatchedPlaces).slot('embeddings');
  expect(graphOf(registry).registry.shared(WatchedPlaces).names).toEqual(['embeddings']);
  expect(other.shared(WatchedPlaces).names).toEqual([]);
});
