// Gradients of single ops through the graph: the vector-Jacobian products, which parameter trains with which, and what they accumulate into,
// against central finite differences, in f64. The kernels' own gradients: test/reference.

import { describe, expect, test } from 'vitest';
import { backward } from '../../src/graph/differentiate.ts';
import { Graph } from '../../src/graph/graph.ts';
import { attention } from '../../src/graph/ops/attention.ts';
import { applyActivation, copyInto } from '../../src/graph/ops/elementwise.ts';
import { embedding } from '../../src/graph/ops/embedding.ts';
import { gatherRows, putRows } from '../../src/graph/ops/gather_rows.ts';
import { layerNorm } from '../../src/graph/ops/layer_norm.ts';
import { addToLengths } from '../../src/graph/ops/lengths.ts';
import { linear } from '../../src/graph/ops/linear.ts';
import { logLikelihood, softmaxCrossEntropy } from '../../src/graph/ops/loss.ts';
import { concatRows } from '../../src/graph/ops/parts.ts';
import { pool } from '../../src/graph/ops/pool.ts';
import { prependRows } from '../../src/graph/ops/prepend_rows.ts';
import { scaleColumns } from '../../src/graph/ops/scale_columns.ts';
import { vocabularyLogits } from '../../src/graph/ops/vocabulary.ts';
import { Registry } from '../../src/graph/registry.ts';
import { sizeOf, type Tensor } from '../../src/graph/tensor.ts';
import { randomKey, randomNormal, siteId } from '../../src/random/counter.ts';
import { Interpreter } from './interpreter.ts';

const normals = (name: string, count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => randomNormal(randomKey(1, 2, siteId(name)), i));

interface Given {
  readonly build: (g: Graph) => Tensor;
  /** Names of the parameters that train. */
  readonly trains?: readonly string[];
  /** Names of the f32 inputs whose gradients are asked for. */
  readonly sources?: readonly string[];
  /** Values of what is not drawn at random: ids, lengths. */
  readonly values?: Readonly<Record<string, readonly number[]>>;
  /** What the sum takes of each element: of losses, whose gradient is made on the way there, all of it. */
  readonly multiples?: 'drawn' | 'ones';
}

/** Compares every gradient of the sum of random multiples of what `build` returns with central differences; returns the ops of the backward pass. */
function expectGradients({ build, trains = [], sources = [], values = {}, multiples = 'drawn' }: Given): string[] {
  const registry = new Registry();
  const options = { trains: ({ name }: { name: string }) => trains.includes(name), storedType: () => 'f32' as const, training: true };
  const interpreter = new Interpreter();
  const step = { seed: 3, micro_step: 4, inverse_count: 0.5 };
  const weightsOf = (y: Tensor) => (multiples === 'ones' ? new Float64Array(sizeOf(y.shape)).fill(1) : normals('weights', sizeOf(y.shape)));
  const given = new Map<string, Tensor>();

  const traced = (withGradients: boolean) => {
    const g = new Graph(registry, options);
    for (const [name, tensor] of given) if (tensor.role === 'input') g.inputs.set(name, tensor);
    const { result: y, tape } = g.record(() => g.scope('module', () => build(g)));
    const state = registry.result('y', y.shape, 'f32');
    copyInto(g, y, state);
    for (const [name, tensor] of g.inputs) given.set(name, tensor);
    for (const { tensors } of registry.parameters.values()) for (const tensor of tensors) given.set(tensor.name, tensor);
    const ops: string[] = [];
    if (withGradients) {
      const weights = registry.result('weights', y.shape, 'f32');
      interpreter.set(weights, weightsOf(y));
      const inputs = sources.map((name) => given.get(name) as Tensor);
      const begin = g.nodes.length;
      const d_inputs = backward(g, tape, new Map([[y, weights]]), inputs);
      ops.push(...g.nodes.slice(begin).map(({ op }) => op.name));
      d_inputs.forEach((d_input, i) => {
        if (!d_input) throw new Error(`no gradient of '${sources[i]}'`);
        copyInto(g, d_input, registry.result(`d_${sources[i]}`, d_input.shape, 'f32'));
      });
    }
    return { g, state, ops };
  };

  const { g: whole, state, ops } = traced(true);
  const { g: forward } = traced(false);
  for (const [name, tensor] of given) interpreter.set(tensor, values[name] ?? normals(name, sizeOf(tensor.shape)));
  const weights = weightsOf(state);
  const loss = (): number => {
    interpreter.run(forward, step);
    return interpreter.values(state).reduce((sum, value, i) => sum + value * (weights[i] as number), 0);
  };
  // What is there already must still be there: parameter gradients accumulate.
  for (const [id, gradient] of registry.gradients) interpreter.set(gradient, normals(`there ${id}`, sizeOf(gradient.shape)));
  interpreter.run(whole, step);

  const compare = (tensor: Tensor, gradient: Float64Array, there: Float64Array) => {
    const moving = interpreter.values(tensor);
    moving.forEach((value, i) => {
      moving[i] = value + 1e-5;
      const above = loss();
      moving[i] = value - 1e-5;
      const below = loss();
      moving[i] = value;
      expect((gradient[i] as number) - (there[i] ?? 0), `${tensor.name}[${i}]`).toBeCloseTo((above - below) / 2e-5, 6);
    });
  };
  for (const name of sources) {
    const tensor = given.get(name) as Tensor;
    compare(tensor, interpreter.values(registry.result(`d_${name}`, tensor.shape, 'f32')).slice(), new Float64Array(0));
  }
  for (const name of trains) {
    const tensor = given.get(name) as Tensor;
    const gradient = interpreter.values(registry.gradientOf(tensor));
    compare(tensor, gradient.slice(), normals(`there ${tensor.id}`, gradient.length));
  }
  return ops;
}

describe('layer norm', () => {
  const build = (g: Graph) =>
    layerNorm(
      g,
      g.input('x', [2, 3, 8], 'f32'),
      g.weight('weight', [8]),
      g.weight('bias', [8]),
      1e-5,
      g.input('residual', [2, 3, 8], 'f32'),
    );

  test('has the gradients of all that it reads', () => {
    expectGradients({ build, trains: ['weight', 'bias'], sources: ['x', 'residual'] });
  });

  test('of which only the bias trains has its gradient as a sum of columns, which needs nothing kept', () => {
    expect(expectGradients({ build, trains: ['bias'] })).toEqual(['column_sum']);
    expect(expectGradients({ build, trains: ['bias'], sources: ['x'] })).toContain('layer_norm_backward');
  });

  test('of which only the weight trains has no gradient of the bias', () => {
    expectGradients({ build, trains: ['weight'], sources: ['residual'] });
  });
});

describe.each(['gelu', 'gelu_new', 'relu', 'silu', 'tanh'] as const)('the activation %s', (activation) => {
  test('has its gradient by itself', () => {
    expectGradients({ build: (g) => applyActivation(g, g.input('x', [3, 5], 'f32'), activation), sources: ['x'] });
  });

  test('has it in a dense layer', () => {
    const build = (g: Graph) => linear(g, g.input('x', [3, 5], 'f32'), g.weight('w', [4, 5]), { bias: g.weight('bias', [4]), activation });
    expectGradients({ build, trains: ['w', 'bias'], sources: ['x'] });
  });
});

test.each(['mean', 'cls', 'last'] as const)('pooling by %s has its gradient, of a short example too', (pooling) => {
  const build = (g: Graph) => pool(g, g.input('h', [2, 4, 4], 'f32'), g.input('lengths', [2], 'u32'), pooling);
  expectGradients({ build, sources: ['h'], values: { lengths: [4, 2] } });
});

test('a factor for each column has the gradients of the factors and of what it scales', () => {
  const build = (g: Graph) => scaleColumns(g, g.input('x', [2, 3, 5], 'f32'), g.weight('l', [5]));
  expectGradients({ build, trains: ['l'], sources: ['x'] });
  expect(expectGradients({ build, trains: ['l'] })).toEqual(['column_dot']);
  expect(expectGradients({ build, sources: ['x'] })).toEqual(['scale_columns']);
});

describe('rows before those of every example', () => {
  const prefixed = (g: Graph, name: string) => prependRows(g, g.weight(`prefix_${name}`, [2, 8]), g.input(name, [2, 3, 8], 'f32'));

  test('have the gradients of the rows and of what they stand before', () => {
    expectGradients({ build: (g) => prefixed(g, 'x'), trains: ['prefix_x'], sources: ['x'] });
    expect(expectGradients({ build: (g) => prefixed(g, 'x'), trains: ['prefix_x'] })).toEqual(['column_sum']);
  });

  test.each([false, true])('of keys and values are seen by every query, and by the gradients; causal %s', (causal) => {
    const build = (g: Graph) => {
      const lengths = g.input('lengths', [3], 'u32');
      const q = g.input('q', [2, 3, 8], 'f32');
      // The second and third examples of a batch of three.
      return g.examples(1, () =>
        attention(g, q, prefixed(g, 'k'), prefixed(g, 'v'), lengths, { num_attention_heads: 2, dropout: 0.2, causal }),
      );
    };
    const trains = ['prefix_k', 'prefix_v'];
    expectGradients({ build, trains, sources: ['q', 'k', 'v'], values: { lengths: [0, 3, 2] } });
    // Where queries need no gradient, their kernel gives those of keys and values what they read of it.
    expectGradients({ build, trains, values: { lengths: [0, 3, 2] } });
  });
});

describe('cross-attention', () => {
  /** Three queries of two examples over five other tokens, after as many rows of a prefix. */
  const over = (g: Graph, P: number) => {
    const [k, v] = ['k', 'v'].map((name) => {
      const own = g.input(name, [2, 5, 8], 'f32');
      return P > 0 ? prependRows(g, g.weight(`prefix_${name}`, [P, 8]), own) : own;
    }) as [Tensor, Tensor];
    return g.examples(1, () =>
      attention(g, g.input('q', [2, 3, 8], 'f32'), k, v, g.input('lengths', [3], 'u32'), {
        num_attention_heads: 2,
        dropout: 0.2,
        key_lengths: g.input('key_lengths', [3], 'u32'),
        prefix: P,
      }),
    );
  };
  const values = { lengths: [0, 3, 2], key_lengths: [0, 4, 5] };

  test('has the gradients of queries, keys and values, of more tokens than there are queries', () => {
    expectGradients({ build: (g) => over(g, 0), sources: ['q', 'k', 'v'], values });
  });

  test('has the gradients of rows before the keys and values', () => {
    expectGradients({ build: (g) => over(g, 2), trains: ['prefix_k', 'prefix_v'], sources: ['q'], values });
  });

  test('of one query over a cache of the keys so far is its row of a causal self-attention', () => {
    const g = new Graph(new Registry(), { trains: () => false, storedType: () => 'f32', training: false });
    const [q, k, v] = ['q', 'k', 'v'].map((name) => g.input(name, [1, 4, 8], 'f32')) as [Tensor, Tensor, Tensor];
    const [lengths, place, length] = [g.input('lengths', [1], 'u32'), g.input('place', [1], 'u32'), g.input('length', [1], 'u32')];
    const heads = { num_attention_heads: 2, dropout: 0 };
    const [all, row] = [g.registry.result('all', [1, 4, 8], 'f32'), g.registry.result('row', [1, 1, 8], 'f32')];
    copyInto(g, attention(g, q, k, v, lengths, { ...heads, causal: true }), all);
    // What a step of generating does with the query, key and value of one token.
    const one = new Graph(g.registry, g.options);
    for (const [name, tensor] of g.inputs) one.inputs.set(name, tensor);
    const cached = ([x, name]: readonly [Tensor, string]) => {
      const cache = one.registry.result(name, [1, 6, 8], 'f32');
      putRows(one, gatherRows(one, x, place), place, cache);
      return cache;
    };
    const [keys, values] = (
      [
        [k, 'keys'],
        [v, 'values'],
      ] as const
    ).map(cached) as [Tensor, Tensor];
    const query = gatherRows(one, q, place); // [1, 8]
    copyInto(one, attention(one, concatRows(one, [query], [1, 1, 8]), keys, values, length, { ...heads, key_lengths: length }), row);
    const interpreter = new Interpreter();
    for (const [name, tensor] of g.inputs) interpreter.set(tensor, name === 'lengths' ? [4] : normals(name, sizeOf(tensor.shape)));
    interpreter.run(g);
    for (const t of [0, 1, 2, 3]) {
      interpreter.set(place, [t]);
      interpreter.set(length, [t + 1]);
      interpreter.run(one);
      expect(interpreter.values(row), `token ${t}`).toEqual(interpreter.values(all).slice(8 * t, 8 * t + 8));
    }
  });

  test('is refused where keys, prefix and queries do not fit, and with a causal mask', () => {
    const g = new Graph(new Registry(), { trains: () => false, storedType: () => 'f32', training: false });
    const [q, k] = [g.input('q', [1, 4, 8], 'f32'), g.input('k', [1, 5, 8], 'f32')];
    const lengths = g.input('lengths', [1], 'u32');
    const heads = { num_attention_heads: 2, dropout: 0 };
    expect(() => attention(g, q, k, k, lengths, { ...heads, prefix: 0 })).toThrow('5 keys, 0 of a prefix, for 4 queries');
    expect(() => attention(g, q, k, k, lengths, { ...heads, key_lengths: lengths, prefix: 6 })).toThrow('5 keys, 6 of a prefix');
    expect(() => attention(g, q, k, k, lengths, { ...heads, key_lengths: lengths, causal: true })).toThrow(
      'a causal mask over the keys of other tokens',
    );
  });
});

describe('embeddings', () => {
  /** For each token the next one with the same id + 1, the top bit where it is the first. */
  const chainOf = (ids: readonly number[]) => ids.map((id, n) => (ids.indexOf(id) === n ? 2 ** 31 : 0) + ids.indexOf(id, n + 1) + 1);
  const input_ids = [1, 6, 0, 6, 6, 5];
  const position_ids = [0, 1, 2, 0, 1, 2];
  const values = {
    ...{ input_ids, position_ids },
    input_ids_chain: chainOf(input_ids),
    position_ids_chain: chainOf(position_ids),
  };

  test('of tables that train have their gradients, positions that begin at row 2 and a projection between the tables too', () => {
    const build = (g: Graph) =>
      embedding(g, 2, 3, {
        word: g.parameter('word', [7, 4]),
        position: g.parameter('position', [5, 8]),
        position_offset: 2,
        project: (h) => linear(g, h, g.weight('project_in', [8, 4])),
      });
    expectGradients({ build, trains: ['word', 'position', 'project_in'], values });
  });

  test('of words alone, of another side, have the gradient of the one table', () => {
    const build = (g: Graph) => embedding(g, 2, 3, { word: g.parameter('word', [7, 4]), input_prefix: 'decoder_' });
    const own = { decoder_input_ids: input_ids, decoder_input_ids_chain: chainOf(input_ids) };
    expectGradients({ build, trains: ['word'], values: own });
  });
});

test('rows that are gathered have the gradient of those that are named, and the others none', () => {
  const build = (g: Graph) => gatherRows(g, g.input('x', [2, 3, 4], 'f32'), g.input('rows', [4], 'u32'));
  expectGradients({ build, sources: ['x'], values: { rows: [5, 0, 4294967295, 3] } });
});

describe('the logits of a vocabulary of an odd number of words', () => {
  const [words, labels] = [7, [6, -100, 0]];
  const input_ids = [2, 6, 2];
  const values = { labels, input_ids, input_ids_chain: [2 ** 31 + 3, 2 ** 31, 0] };

  test('tied to the embeddings have the gradients of both uses in one', () => {
    const build = (g: Graph) => {
      const table = g.parameter('word', [words, 4]);
      const h = linear(g, embedding(g, 1, 3, { word: table }), g.weight('w', [4, 4]), { activation: 'tanh' }); // [1, 3, 4]
      const logits = vocabularyLogits(g, gatherRows(g, h, g.input('rows', [3], 'u32')), table, g.weight('bias', [words])); // [3, 8]
      return softmaxCrossEntropy(g, logits, g.input('labels', [3], 'i32'), { words, label_smoothing: 0.1 });
    };
    expectGradients({ build, trains: ['word', 'w', 'bias'], values: { ...values, rows: [2, 0, 1] }, multiples: 'ones' });
  });

  test('give log-likelihoods, which are the losses before the mean', () => {
    const g = new Graph(new Registry(), { trains: () => false, storedType: () => 'f32', training: false });
    const x = g.input('x', [3, 4], 'f32');
    const logits = () => vocabularyLogits(g, x, g.parameter('word', [words, 4]));
    const given = g.input('labels', [3], 'i32');
    const [likely, losses] = [g.registry.result('likely', [3], 'f32'), g.registry.result('losses', [3], 'f32')];
    copyInto(g, logLikelihood(g, logits(), given, words), likely);
    copyInto(g, softmaxCrossEntropy(g, logits(), given, { words }), losses);
    const interpreter = new Interpreter();
    interpreter.set(x, normals('x', 12));
    interpreter.set(given, labels);
    for (const tensor of g.registry.parameters.get('word')?.tensors ?? []) interpreter.set(tensor, normals('word', 28));
    interpreter.run(g, { inverse_count: 1 });
    const found = interpreter.values(likely);
    expect(found[1]).toBe(0);
    found.forEach((value, i) => {
      expect(-value, `row ${i}`).toBeCloseTo(interpreter.values(losses)[i] as number, 12);
    });
    expect(found[0]).toBeLessThan(0);
  });

  test('are refused where the bias or the rows do not fit', () => {
    const g = new Graph(new Registry(), { trains: () => false, storedType: () => 'f32', training: false });
    const [x, table] = [g.input('x', [3, 4], 'f32'), g.parameter('word', [words, 4])];
    expect(() => vocabularyLogits(g, x, table, g.weight('bias', [8]))).toThrow('bias [8] for 7 words');
    expect(() => vocabularyLogits(g, g.input('wide', [3, 8], 'f32'), table)).toThrow("'word' [7,4] from row 0 for x [3,8]");
    const labels = g.input('labels', [3], 'i32');
    expect(() => softmaxCrossEntropy(g, g.input('logits', [3, 6], 'f32'), labels, { words: 5 })).toThrow('5 words in rows of 6');
  });
});

describe('a prompt before the tokens', () => {
  const prompted = (g: Graph) =>
    embedding(g, 2, 3, {
      word: g.parameter('word', [7, 8]),
      position: g.parameter('position', [5, 8]),
      token_type: g.parameter('token_type', [2, 8]),
      prompt: g.weight('prompt', [2, 8]),
    });
  const values = { input_ids: [1, 6, 0, 2, 2, 5], position_ids: [0, 1, 2, 0, 1, 2], token_type_ids: [0, 0, 1, 1, 0, 0], lengths: [3, 1] };

  test('has its gradient through attention that goes by the longer lengths, which lie in the arena', () => {
    const build = (g: Graph) => {
      const h = prompted(g);
      const lengths = addToLengths(g, g.input('lengths', [2], 'u32'), 2);
      return attention(g, h, h, h, lengths, { num_attention_heads: 2, dropout: 0 });
    };
    expectGradients({ build, trains: ['prompt'], values });
  });

  test('takes the first positions and the first token type, and moves the tokens up', () => {
    const g = new Graph(new Registry(), { trains: () => false, storedType: () => 'f32', training: false });
    const y = g.registry.result('y', [2, 5, 8], 'f32');
    copyInto(g, prompted(g), y);
    const interpreter = new Interpreter();
    for (const { tensors } of g.registry.parameters.values())
      for (const tensor of tensors) interpreter.set(tensor, normals(tensor.name, sizeOf(tensor.shape)));
    for (const [name, tensor] of g.inputs) interpreter.set(tensor, values[name as keyof typeof values]);
    interpreter.run(g);
    const row = (name: string, i: number) => normals(name, 56).slice(8 * i, 8 * i + 8);
    const sum = (table: string, i: number, place: number, type: number) =>
      row(table, i).map((value, c) => value + (row('position', place)[c] as number) + (row('token_type', type)[c] as number));
    const rows = Array.from({ length: 10 }, (_, i) => interpreter.values(y).slice(8 * i, 8 * i + 8));
    const prompt = [sum('prompt', 0, 0, 0), sum('prompt', 1, 1, 0)];
    expect(rows).toEqual([
      ...prompt,
      ...[sum('word', 1, 2, 0), sum('word', 6, 3, 0), sum('word', 0, 4, 1)],
      ...prompt,
      ...[sum('word', 2, 2, 1), sum('word', 2, 3, 0), sum('word', 5, 4, 0)],
    ]);
  });

  test('is refused with tables that train, and where its rows and the tokens exceed the positions', () => {
    const graph = (trains: string) =>
      new Graph(new Registry(), { trains: ({ name }) => name === trains, storedType: () => 'f32', training: true });
    expect(() => prompted(graph('word'))).toThrow('prompt before the tokens, with tables that train');
    const g = graph('prompt');
    const tables = {
      word: g.parameter('word', [7, 8]),
      position: g.parameter('position', [4, 8]),
      token_type: g.parameter('token_type', [2, 8]),
    };
    expect(() => embedding(g, 2, 3, { ...tables, prompt: g.weight('prompt', [2, 8]) })).toThrow('3 tokens from position 2 of 4');
  });
});
