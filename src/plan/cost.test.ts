// Costs of dispatches against numbers worked out by hand: what is read, what is written, what a view counts as; and the time that they are predicted to take.
// Plans alone: no device.

import { expect, test } from 'vitest';
import { backward } from '../graph/differentiate.ts';
import { Graph } from '../graph/graph.ts';
import { copy, dropout, scaleAdd } from '../graph/ops/elementwise.ts';
import { embedding } from '../graph/ops/embedding.ts';
import { linear } from '../graph/ops/linear.ts';
import { split } from '../graph/ops/parts.ts';
import { Registry } from '../graph/registry.ts';
import type { Tensor } from '../graph/tensor.ts';
import { costOfProgram, costsOfNode, type DispatchCost } from './cost.ts';
import { type LoweredGraph, lower } from './lower.ts';
import { type DeviceRates, dispatchMs, programMs } from './time.ts';

const zeros = { owner: 'method', initial: { from: 'constant', value: 0 } } as const;
const graph = (trains = false) => new Graph(new Registry(), { trains: () => trains, storedType: () => 'f32', training: true });
const costs = (lowered: LoweredGraph): DispatchCost[] => lowered.nodes.flatMap((node) => costsOfNode(node, lowered.locate));

test('a copy reads a tensor and writes one; what is changed in place is read and written', () => {
  const g = graph();
  const y = scaleAdd(g, g.input('x', [1000], 'f32'), 2, g.input('f', [1000], 'f32'));
  expect(costs(lower(g, [y]))).toEqual([
    { kernel: 'copy', multiplyAdds: 0, bytes_read: 4000, bytes_written: 4000, workgroups: 4 },
    { kernel: 'scale_add', multiplyAdds: 0, bytes_read: 8000, bytes_written: 4000, workgroups: 4 },
  ]);
});

test('a product reads x, weight and bias and writes its result, also where dropout is its epilogue', () => {
  const product = {
    kernel: 'gemm_nt',
    multiplyAdds: 40 * 8 * 16,
    bytes_read: 4 * (40 * 16 + 8 * 16 + 8),
    bytes_written: 4 * 40 * 8,
    workgroups: 2,
  };
  const traced = (g: Graph) => {
    const w = g.weight('w', [8, 16], zeros);
    return linear(g, g.input('x', [40, 16], 'f32'), w, { bias: g.weight('bias', [8], zeros) });
  };
  const plain = graph();
  expect(costs(lower(plain, [traced(plain)]))).toEqual([product]);
  const dropped = graph();
  expect(costs(lower(dropped, [dropout(dropped, traced(dropped), 0.5, 'site')]))).toEqual([product]);
});

test('a gradient of a weight is read and written: it is added to, with that of its bias in the same dispatch', () => {
  const g = graph(true);
  const x = g.input('x', [2, 32, 16], 'f32');
  const { result: y, tape } = g.record(() =>
    linear(g, x, g.weight('w', [8, 16], zeros), {
      bias: g.weight('bias', [8], zeros),
    }),
  );
  g.phase('backward', () => backward(g, tape, new Map([[y, g.input('d_y', [2, 32, 8], 'f32')]]), []));
  const [gradient] = costs(lower(g)).filter(({ kernel }) => kernel === 'gemm_tn');
  const own = 4 * (8 * 16 + 8);
  expect(gradient).toEqual({
    ...{ kernel: 'gemm_tn', multiplyAdds: 64 * 8 * 16, workgroups: 1 },
    ...{ bytes_read: 4 * (64 * 8 + 64 * 16) + own, bytes_written: own },
  });
});

test('a part of a tensor counts as the part, not as the whole in which it lies', () => {
  const g = graph();
  const x = copy(g, g.input('x', [4, 64], 'f32'));
  const [first] = split(g, x, [1, 3]) as [Tensor];
  expect(costs(lower(g, [scaleAdd(g, first, 2)]))[1]).toMatchObject({ kernel: 'scale_add', bytes_read: 256, bytes_written: 256 });
});

test('a table of which rows are picked is not read whole', () => {
  const g = graph();
  const word = g.parameter('words', [10_000, 8], zeros);
  const [rows] = costs(lower(g, [embedding(g, 2, 3, { word })]));
  expect(rows).toMatchObject({ kernel: 'embedding', bytes_read: 4 * (2 * 3 + 2 * 3 * 8), bytes_written: 4 * 2 * 3 * 8 });
});

const rates: DeviceRates = {
  dispatch_ms: 0.5,
  full_groups: 8,
  rates: { product: 1000, weight_gradient: 500, attention: 100, attention_backward: 100, elements: 2000, rows: 1000 },
};

test('a dispatch takes its launch and the larger of arithmetic and memory, longer where it leaves cores idle', () => {
  const product = { kernel: 'gemm_nt', multiplyAdds: 4000, bytes_read: 1500, bytes_written: 500, workgroups: 16 } as const;
  expect(dispatchMs(product, rates)).toBe(0.5 + 4);
  expect(dispatchMs({ ...product, multiplyAdds: 10 }, rates)).toBe(0.5 + 1);
  expect(dispatchMs({ ...product, workgroups: 2 }, rates)).toBe(0.5 + 16);
  expect(dispatchMs({ ...product, kernel: 'gemm_tn' }, rates)).toBe(0.5 + 8);
  expect(dispatchMs({ ...product, kernel: 'layer_norm', multiplyAdds: 0 }, rates)).toBe(0.5 + 2);
});

test('costs and times of a program are the sums over its dispatches', () => {
  const g = graph();
  const lowered = lower(g, [scaleAdd(g, g.input('x', [8000], 'f32'), 2, g.input('f', [8000], 'f32'))]);
  expect(costOfProgram(lowered)).toEqual({ dispatches: 2, multiplyAdds: 0, bytes_read: 96_000, bytes_written: 64_000, workgroups: 64 });
  expect(programMs(lowered, rates)).toBe(2 * 0.5 + (64_000 + 96_000) / 2000);
});
