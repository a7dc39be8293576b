import { describe, expect, test } from 'vitest';
import { readAdapter, writeAdapter } from './adapter.ts';
import type { AdapterArchive, AdapterConfig, AdapterExpectations, TensorSpec } from './adapter_archive.ts';
import { bytesOf } from './bytes.ts';
import { readExported, writeExported } from './exported.ts';
import type { CardFacts } from './model_card.ts';
import { openSafetensors, writeSafetensors } from './safetensors.ts';
import { bertModel } from './testing.ts';
import { type ArchiveFile, readZip, writeZip } from './zip.ts';

const SHA = 'ab'.repeat(32);

const config: AdapterConfig = {
  format: 'retrace',
  format_version: 1,
  method: 'meft1',
  base_model: { name: 'sentence-transformers/all-MiniLM-L6-v2', model_type: 'bert', sha256: SHA, dtype: 'F16' },
  num_labels: 3,
  pooling: 'mean',
  max_length: 32,
  hyper_parameters: {
    lambda: 0.125,
    beta: 1,
    adapter_size: 2,
    streams: 'fixed',
    fraction_bits: 20,
    final_combination: 'mean',
    dropout: 0.1,
  },
  seed: 42,
  retrace_version: '0.1.0',
  self_test: {
    texts: ['hello', ['one', 'two']],
    logits: [
      [0.25, -1, 2],
      [1, 2, 3],
    ],
  },
};

function specs({ num_labels, hyper_parameters }: AdapterConfig): TensorSpec[] {
  const r = Number(hyper_parameters.adapter_size);
  return [
    { name: 'encoder.layer.0.adapter_ffn.down.weight', shape: [r, 4] },
    { name: 'encoder.layer.0.adapter_ffn.down.bias', shape: [r] },
    { name: 'classifier.weight', shape: [num_labels, 4] },
    { name: 'classifier.bias', shape: [num_labels] },
  ];
}

const expectations: AdapterExpectations = {
  positionsOf: () => 64,
  methods: ['lora', 'meft1'],
  base: { name: 'mine', sha256: SHA },
  model: bertModel,
  tensorsOf: specs,
};

const archive: AdapterArchive = {
  method: 'meft1',
  config,
  labels: ['banking', 'travel "x"', 'work'],
  tensors: new Map(
    specs(config).map(({ name, shape }, i) => {
      const size = shape.reduce((product, length) => product * length, 1);
      return [name, { shape, data: Float32Array.from({ length: size }, (_, k) => i + k / 7) }];
    }),
  ),
};

const facts: CardFacts = {
  name: 'my run',
  base_model: config.base_model,
  pipeline_tag: 'text-classification',
  method: 'MEFT1',
  dataset: { name: 'CLINC150', train_examples: 15000, eval_examples: 3000, eval_split: 'validation' },
  metrics: [{ name: 'accuracy', title: 'Accuracy', value: 0.9163 }],
  labels: archive.labels,
  hyper_parameters: [['lambda', 0.125]],
  notes: [],
};

const mapOf = (files: readonly ArchiveFile[]): Map<string, Uint8Array> => new Map(files.map(({ path, bytes }) => [path, bytes]));
const written = (): Map<string, Uint8Array> => mapOf(writeAdapter(archive, facts, ''));
const utf8 = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

test('an adapter comes back through files and through a zip, also one repacked with a top folder', async () => {
  const files = writeExported(archive, facts, bertModel);
  expect(files.map(({ path }) => path)).toEqual(['adapter.safetensors', 'adapter_config.json', 'labels.json', 'README.md']);
  expect(await readAdapter(mapOf(files), expectations)).toEqual(archive);
  const repacked = [...files.map(({ path, bytes }) => ({ path: `mine/${path}`, bytes })), { path: '__MACOSX/._mine', bytes: utf8('x') }];
  for (const zip of [writeZip(files), writeZip(repacked)]) expect(await readExported(readZip('a.zip', zip), expectations)).toEqual(archive);
});

test('the tensor file alone suffices but for the names of the labels', async () => {
  const alone = new Map([...written()].filter(([path]) => path === 'adapter.safetensors'));
  expect(await readAdapter(alone, expectations)).toEqual({
    ...archive,
    labels: ['LABEL_0', 'LABEL_1', 'LABEL_2'],
    notes: ['Nothing names the classes of the adapter: they are numbered.'],
  });
});

test('the files are laid out as docs/format.md says', async () => {
  const files = written();
  const file = await openSafetensors(bytesOf('adapter.safetensors', files.get('adapter.safetensors') ?? new Uint8Array()));
  expect(file.metadata).toEqual({ format: 'pt', retrace: JSON.stringify(config) });
  expect([...file.tensors.values()].map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
    ['classifier.bias', 'F32', [3]],
    ['classifier.weight', 'F32', [3, 4]],
    ['encoder.layer.0.adapter_ffn.down.bias', 'F32', [2]],
    ['encoder.layer.0.adapter_ffn.down.weight', 'F32', [2, 4]],
  ]);
  expect(JSON.parse(new TextDecoder().decode(files.get('labels.json')))).toEqual({
    labels: archive.labels,
    id2label: { 0: 'banking', 1: 'travel "x"', 2: 'work' },
    label2id: { banking: 0, 'travel "x"': 1, work: 2 },
  });
});

describe('refused with place, numbers and remedy:', () => {
  const changed = (change: Record<string, unknown>): Map<string, Uint8Array> =>
    written().set('adapter_config.json', utf8({ ...config, ...change }));
  const withTensors = (
    change: (name: string) => { shape?: number[]; fill?: number } | 'left out' | 'as it was',
  ): Map<string, Uint8Array> => {
    const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
    for (const [name, { shape, data }] of archive.tensors) {
      const made = change(name);
      if (made === 'left out') continue;
      const own = made === 'as it was' ? {} : made;
      tensors.set(name, { shape: own.shape ?? shape, data: own.fill === undefined ? data : data.slice().fill(own.fill, 1, 2) });
    }
    return mapOf(writeAdapter({ ...archive, tensors }, facts, ''));
  };
  const only = (name: string, made: { shape?: number[]; fill?: number } | 'left out') => (each: string) =>
    each === name ? made : 'as it was';
  const surplus = (): Map<string, Uint8Array> => {
    const tensor = { shape: [1], data: Float32Array.of(1) };
    return mapOf(writeAdapter({ ...archive, tensors: new Map([...archive.tensors, ['pooler.dense.bias', tensor]]) }, facts, ''));
  };
  /** A field given as JSON text, for values that no object of ours holds. */
  const changedText = (key: string, text: string): Map<string, Uint8Array> => {
    const json = JSON.stringify({ ...config, [key]: '@' }).replace('"@"', text);
    return written().set('adapter_config.json', new TextEncoder().encode(json));
  };
  const without = (path: string): Map<string, Uint8Array> => new Map([...written()].filter(([each]) => each !== path));

  const cases: [what: string, files: () => Map<string, Uint8Array>, code: string, says: string][] = [
    ['no tensor file', () => without('adapter.safetensors'), 'missing-file', 'it has adapter_config.json, labels.json, README.md'],
    ['a config that is not JSON', () => written().set('adapter_config.json', utf8('{')), 'not-json', 'adapter_config.json'],
    ['a config that is a list', () => written().set('adapter_config.json', utf8('[]')), 'bad-adapter-config', 'not a JSON object'],
    ['another format', () => changed({ format: 'adapters' }), 'unknown-format', '"adapters"'],
    ['a later version', () => changed({ format_version: 2 }), 'unknown-format', 'version 2'],
    ['an unknown method', () => changed({ method: 'meft9' }), 'unknown-method', '"meft9"; known are lora, meft1'],
    ['labels that are no number', () => changed({ num_labels: 'three' }), 'bad-adapter-config', 'num_labels'],
    ['no labels at all', () => changed({ num_labels: 0 }), 'bad-adapter-config', 'num_labels'],
    ['four thousand million labels', () => changed({ num_labels: 4e9 }), 'bad-adapter-config', 'received 4000000000'],
    [
      'a method that is a list, a hundred thousand deep',
      () => changedText('method', `${'['.repeat(1e5)}${']'.repeat(1e5)}`),
      'unknown-method',
      '[[[[[…]]]]]',
    ],
    ...(
      [
        ['adapter_size', 'abc'],
        ['adapter_size', 1e15],
        ['adapter_size', 0],
        ['adapter_size', 1.5],
        ['num_virtual_tokens', -1],
        ['lora_alpha', 1e300],
        ['frozen_layers', -3],
        ['target_modules', 'query'],
        ['target_modules', Array.from({ length: 5000 }, () => 'query')],
        ['feedforward_modules', ['x'.repeat(2000)]],
        ['bias', 'some'],
        ['num_activated', 2 ** 40],
        ['rnn_hidden_size', 2 ** 40],
        ['streams', 'both'],
      ] as const
    ).map(
      ([key, value]) =>
        [
          `${key} ${JSON.stringify(value).slice(0, 30)}, which no run may have`,
          () => changed({ hyper_parameters: { ...config.hyper_parameters, [key]: value } }),
          'bad-adapter-config',
          `adapter_config.json, hyper_parameters.${key}`,
        ] as (typeof cases)[number],
    ),
    [
      'a hyper-parameter beyond every number',
      () => changedText('hyper_parameters', '{"adapter_size":1e999}'),
      'bad-adapter-config',
      'adapter_size',
    ],
    [
      'a self-test of a thousand texts',
      () => changed({ self_test: { texts: Array.from({ length: 1000 }, () => 'x'), logits: [] } }),
      'bad-adapter-config',
      'self_test.texts',
    ],
    [
      'a self-test without logits',
      () => changed({ self_test: { texts: ['x'], logits: [] } }),
      'bad-adapter-config',
      '0 rows of logits for 1 texts and 3 classes',
    ],
    [
      'a self-test of other classes',
      () => changed({ self_test: { texts: ['x'], logits: [[1, 2]] } }),
      'bad-adapter-config',
      'and 3 classes',
    ],
    [
      'a configuration of 17 MB',
      () => written().set('adapter_config.json', utf8(' '.repeat(17 * 2 ** 20))),
      'bad-adapter-config',
      'at most 16777216 are read',
    ],
    ['an unknown pooling', () => changed({ pooling: 'max' }), 'bad-adapter-config', 'pooling'],
    [
      'a checksum that is none',
      () => changed({ base_model: { ...config.base_model, sha256: 'no' } }),
      'bad-adapter-config',
      'base_model.sha256',
    ],
    [
      'the config of another run',
      () => changed({ seed: 43 }),
      'mixed-runs',
      'adapter_config.json and adapter.safetensors are of two runs: they differ in seed (',
    ],
    [
      'the config of a run with other numbers',
      () => changed({ max_length: 7, self_test: { texts: ['x'], logits: [[1, 2, 3]] } }),
      'mixed-runs',
      'they differ in max_length, self_test',
    ],
    ['another base', () => changed({ base_model: { ...config.base_model, sha256: 'cd'.repeat(32) } }), 'wrong-base', 'cd'.repeat(32)],
    [
      'too few label names',
      () => written().set('labels.json', utf8({ labels: ['a'] })),
      'bad-labels',
      'list 3 names under "labels"; found 1',
    ],
    [
      'one name for two classes',
      () => written().set('labels.json', utf8({ labels: ['a', 'b', 'a'] })),
      'bad-labels',
      'two classes "a" (0 and 2',
    ],
    [
      'texts longer than the base takes',
      () => changed({ max_length: 1e9 }),
      'bad-adapter-config',
      'max_length 1000000000; the base has positions for 64',
    ],
    [
      'a missing tensor',
      () => withTensors(only('classifier.bias', 'left out')),
      'missing-tensor',
      'classifier.bias (expected [3]) among its 3',
    ],
    [
      'a misshapen tensor',
      () => withTensors(only('classifier.weight', { shape: [4, 3] })),
      'misshapen-tensor',
      'has shape [4, 3], expected [3, 4]',
    ],
    ['a tensor too many', surplus, 'unknown-tensor', '1 of 5 tensors that the method does not know: pooler.dense.bias'],
    [
      'a tensor with NaN',
      () => withTensors(only('classifier.bias', { fill: Number.NaN })),
      'not-finite',
      'classifier.bias holds NaN at element 1',
    ],
    ['integers for weights', () => written().set('adapter.safetensors', integers()), 'safetensors-dtype', 'is I32'],
    [
      'a cut tensor file',
      () => written().set('adapter.safetensors', (written().get('adapter.safetensors') ?? new Uint8Array()).slice(0, -1)),
      'safetensors-truncated',
      'bytes',
    ],
  ];

  function integers(): Uint8Array {
    const tensors = specs(config).map(({ name, shape }) => ({
      name,
      dtype: 'I32' as const,
      shape,
      bytes: new Uint8Array(4 * shape.reduce((product, length) => product * length, 1)),
    }));
    return writeSafetensors(tensors, { format: 'pt' });
  }

  test.each(cases)('%s', async (_, files, code, says) => {
    const thrown: unknown = await readExported(files(), expectations).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code, where: expect.any(String), remedy: expect.any(String) });
    expect(`${(thrown as Error).message} ${(thrown as { where: string }).where}`).toContain(says);
  });
});

test('tensors that do not fit, on a base that is not the one named, are told with both names', async () => {
  const wide = (base: AdapterConfig) => specs(base).map(({ name, shape }) => ({ name, shape: shape.map((n) => (n === 4 ? 8 : n)) }));
  await expect(readExported(written(), { ...expectations, base: { name: 'bert-wide' }, tensorsOf: wide })).rejects.toMatchObject({
    code: 'misshapen-tensor',
    remedy: expect.stringContaining('trained on sentence-transformers/all-MiniLM-L6-v2, and bert-wide is loaded'),
  });
});

test('an adapter for another base names both checksums', async () => {
  const other = { ...expectations, base: { name: 'bert-base-uncased', sha256: 'ef'.repeat(32) } };
  await expect(readAdapter(written(), other)).rejects.toThrow(
    `trained on sentence-transformers/all-MiniLM-L6-v2 (sha256 ${SHA}), but bert-base-uncased (sha256 ${'ef'.repeat(32)}) is loaded`,
  );
});
