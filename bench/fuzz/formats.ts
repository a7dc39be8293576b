// What is fuzzed: for each format some sound files, how they are damaged, and the door by which a session reads such a file. A new format is a row.
// Invariant: a door goes the whole way that a user's file goes before a device is needed, and lets every error through.

import { readFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { nodeHost } from '../../cli/host.ts';
import { withinTables } from '../../src/data/ids.ts';
import { loadTokenizer } from '../../src/data/tokenizer.ts';
import type { AdapterConfig } from '../../src/formats/adapter_archive.ts';
import { bytesOf as sourceOf } from '../../src/formats/bytes.ts';
import { writeExported } from '../../src/formats/exported.ts';
import { openSafetensors } from '../../src/formats/safetensors.ts';
import { readTensorPieces } from '../../src/formats/tensor_file.ts';
import { cardFacts } from '../../src/formats/testing.ts';
import { isRecord } from '../../src/formats/text.ts';
import { openTorchFile } from '../../src/formats/torch/torch_file.ts';
import { readZip, writeZip } from '../../src/formats/zip.ts';
import { fileFolder } from '../../src/hub/folder.ts';
import { methods, resolveOptions } from '../../src/methods/registry.ts';
import { usualDefaults } from '../../src/models/registry.ts';
import type { ModelRef } from '../../src/protocol/config.ts';
import { expectedTensors, taskModelOf } from '../../src/session/adapters/adapter_expectations.ts';
import { readAdapterFor } from '../../src/session/adapters/importing.ts';
import { openBaseModel } from '../../src/session/models/base_model.ts';
import { Session } from '../../src/session/session.ts';
import { blobOf, type Format, fileAt, root, utf8 } from './format.ts';
import { damagedBytes, damagedJsonFile, damagedSafetensors } from './mutate.ts';
import { formatsOfPictures } from './pictures.ts';

const vectors = `${root}python/vectors/`;

const session = new Session(nodeHost(), () => undefined);

const topics = ['the music is loud, "very" loud', 'pay the bill; now', 'what is my balance?', 'play\tthe song', 'größer als 10 €', 'a\nb'];
const rows = Array.from({ length: 24 }, (_, i) => ({ idx: i, text: topics[i % topics.length] as string, label: i % 2 ? 'bank' : 'music' }));
const quoted = (cell: string | number): string => `"${String(cell).replaceAll('"', '""')}"`;
const plain = (cell: string | number): string => String(cell).replaceAll(/["\t\n;,]/g, ' ');
const lines = (separator: string, write: (cell: string | number) => string, end = '\n'): Uint8Array =>
  utf8(
    [['idx', 'text', 'label'], ...rows.map(({ idx, text, label }) => [idx, text, label])]
      .map((cells) => cells.map(write).join(separator))
      .join(end) + end,
  );

/** Previews a table and tokenises it with the bundled tokenizer: all that happens to data before a run. */
async function readData(name: string, bytes: Uint8Array): Promise<void> {
  const data = { kind: 'file', name, blob: blobOf(bytes) } as const;
  await session.calls.previewData({ data });
  await session.calls.examineData({ model: { kind: 'bundled', name: 'all-MiniLM-L6-v2' }, data, max_length: 16, seed: 1 });
}

const tiny = (files: Readonly<Record<string, Uint8Array>>): Extract<ModelRef, { kind: 'files' }> => {
  const all = { 'config.json': fileAt(`${vectors}tiny_bert/config.json`), ...files };
  return { kind: 'files', name: 'tiny', files: Object.entries(all).map(([path, bytes]) => ({ path, blob: blobOf(bytes) })) };
};

/** Describes a model and plans a step of it, as choosing it does. */
async function readModel(model: ModelRef): Promise<void> {
  await session.calls.describeModel({ model });
  await session.calls.plan({
    ...{ model, num_labels: 2, pooling: 'mean', method: 'lora', options: {}, batch_size: 2, length: 8, dropout: 0 },
    ...{ policy: 'store', checkpoint_every: 1 },
  });
}

/** Opens what torch.save wrote and reads every tensor of it. */
async function readTorchFile(bytes: Uint8Array): Promise<void> {
  const file = await openTorchFile(sourceOf('pytorch_model.bin', bytes));
  for (const name of file.tensors.keys())
    for await (const piece of readTensorPieces(file, name, 2 ** 20)) if (piece.bytes.length === 0) return;
}

const tinyTensors = [...(await openSafetensors(sourceOf('model', fileAt(`${vectors}tiny_bert/model.safetensors`)))).tensors.keys()];

let opened: ReturnType<typeof openBaseModel> | undefined;
const tinyModel = () => {
  opened ??= openBaseModel(tiny({ 'model.safetensors': fileAt(`${vectors}tiny_bert/model.safetensors`) }), nodeHost());
  return opened;
};

/** One small adapter of each method. */
async function makeAdapters(): Promise<Map<string, Uint8Array>[]> {
  const model = await tinyModel();
  return methods.map((method) => {
    const options = {
      ...resolveOptions(method, {}, usualDefaults),
      adapter_size: 4,
      num_virtual_tokens: 2,
      rnn_hidden_size: 8,
      num_activated: 2,
      num_probed_experts: 1,
      reduction_factor: 2,
    };
    const config: AdapterConfig = {
      format: 'retrace',
      format_version: 1,
      method: method.name,
      base_model: { name: 'tiny', model_type: 'bert', sha256: null, dtype: null },
      num_labels: 2,
      pooling: 'mean',
      max_length: 8,
      hyper_parameters: Object.fromEntries(method.uses.map((key) => [key, options[key] as number | string])),
      seed: 1,
      retrace_version: '0.1.0',
      self_test: { texts: ['a text'], logits: [[0, 1]] },
    };
    const tensors = expectedTensors(model, config).map(
      ({ name, shape }) => [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }] as const,
    );
    const files = writeExported(
      { method: method.name, config, labels: ['a', 'b'], tensors: new Map(tensors) },
      cardFacts,
      taskModelOf(model),
    );
    return new Map(files.map(({ path, bytes }) => [path, bytes]));
  });
}

let made: ReturnType<typeof makeAdapters> | undefined;
const adapters = () => {
  made ??= makeAdapters();
  return made;
};

const zipOf = (files: ReadonlyMap<string, Uint8Array>): Uint8Array => writeZip([...files].map(([path, bytes]) => ({ path, bytes })));
const readAdapter = async (zip: Uint8Array): Promise<unknown> => readAdapterFor(readZip('x.zip', zip), await tinyModel(), undefined);

/** Adapters whose configuration is replaced: what a config says is held against each kind of tensors. */
async function readAdapterConfig(bytes: Uint8Array): Promise<void> {
  let said: unknown;
  try {
    said = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Any adapter will do for what is no JSON.
  }
  const { method, peft_type } = isRecord(said) ? said : {};
  const at = methods.findIndex(({ name, peft }) => name === method || (peft !== undefined && peft === peft_type));
  const files = (await adapters())[Math.max(0, at)] as Map<string, Uint8Array>;
  await readAdapter(zipOf(new Map(files).set('adapter_config.json', bytes)));
}

const bundledTokenizer = (): Record<string, unknown> => {
  const whole = JSON.parse(readFileSync(`${root}public/models/all-MiniLM-L6-v2/tokenizer.json`, 'utf8')) as {
    model: { vocab: Record<string, number> };
  };
  // Its first words are enough, and a case takes a hundredth of the time.
  const vocab = Object.fromEntries(Object.entries(whole.model.vocab).filter(([, id]) => id < 110 || (id > 995 && id < 1100)));
  return { ...whole, model: { ...whole.model, vocab } };
};

async function readTokenizer(bytes: Uint8Array): Promise<void> {
  const rows = { vocab_size: 2 ** 20, type_vocab_size: 2 };
  const tokenizer = withinTables(await loadTokenizer(fileFolder([{ path: 'tokenizer.json', blob: blobOf(bytes) }], 'fuzzed')), rows);
  for (const text of [...topics, 'a'.repeat(64), '\u{20000}\u{10ffff}\ufeff\u200d', ' ']) {
    tokenizer.encode(text, undefined, 16);
    tokenizer.encode(text, topics[0], 16);
  }
}

export const formats: readonly Format[] = [
  {
    name: 'csv',
    samples: () => [
      lines(',', quoted),
      lines(';', quoted, '\r\n'),
      lines('\t', plain),
      lines('|', plain, '\r'),
      utf8(`text,label\n${'a,x\nb,y\n'.repeat(8)}`),
    ],
    mutate: damagedBytes,
    read: (bytes) => readData('x.csv', bytes),
  },
  {
    name: 'tsv',
    samples: () => [lines('\t', plain), lines('\t', quoted)],
    mutate: damagedBytes,
    read: (bytes) => readData('x.tsv', bytes),
  },
  {
    name: 'json',
    samples: () => [utf8(JSON.stringify(rows)), utf8(JSON.stringify({ data: rows }, null, 1))],
    mutate: damagedJsonFile,
    read: (bytes) => readData('x.json', bytes),
  },
  {
    name: 'jsonl',
    samples: () => [
      utf8(rows.map((row) => JSON.stringify(row)).join('\n')),
      utf8(`${rows.map((row) => JSON.stringify(row)).join('\r\n')}\r\n`),
    ],
    mutate: damagedJsonFile,
    read: (bytes) => readData('x.jsonl', bytes),
  },
  {
    name: 'parquet',
    samples: () =>
      (['UNCOMPRESSED', 'SNAPPY'] as const).map(
        (codec) =>
          new Uint8Array(
            parquetWriteBuffer({
              columnData: [
                { name: 'idx', data: rows.map(({ idx }) => idx), type: 'INT32' },
                { name: 'text', data: rows.map(({ text }) => text), type: 'STRING' },
                { name: 'label', data: rows.map(({ label }) => label), type: 'STRING' },
              ],
              codec,
            }),
          ),
      ),
    mutate: damagedBytes,
    read: (bytes) => readData('x.parquet', bytes),
  },
  {
    name: 'safetensors',
    samples: () => [fileAt(`${vectors}tiny_bert/model.safetensors`)],
    mutate: damagedSafetensors,
    read: (bytes) => readModel(tiny({ 'model.safetensors': bytes })),
  },
  {
    name: 'torch',
    samples: () => ['state_dict', 'protocol5', 'nested', 'training'].map((name) => fileAt(`${vectors}torch/${name}.bin`)),
    mutate: damagedBytes,
    read: readTorchFile,
  },
  {
    name: 'weights_index',
    samples: () => {
      const shard = 'model-00001-of-00001.safetensors';
      return [
        utf8(JSON.stringify({ metadata: { total_size: 1 }, weight_map: Object.fromEntries(tinyTensors.map((name) => [name, shard])) })),
      ];
    },
    mutate: damagedJsonFile,
    read: (bytes) =>
      readModel(
        tiny({
          'model.safetensors.index.json': bytes,
          'model-00001-of-00001.safetensors': fileAt(`${vectors}tiny_bert/model.safetensors`),
        }),
      ),
  },
  {
    name: 'pooling',
    samples: () => [utf8(JSON.stringify({ pooling_mode: ['mean'] })), utf8(JSON.stringify({ pooling_mode_cls_token: true }))],
    mutate: damagedJsonFile,
    read: (bytes) =>
      readModel(tiny({ '1_Pooling/config.json': bytes, 'model.safetensors': fileAt(`${vectors}tiny_bert/model.safetensors`) })),
  },
  {
    name: 'config',
    samples: () => [fileAt(`${vectors}tiny_bert/config.json`), fileAt(`${root}public/models/all-MiniLM-L6-v2/config.json`)],
    mutate: damagedJsonFile,
    read: (bytes) => readModel(tiny({ 'config.json': bytes })),
  },
  {
    name: 'zip',
    samples: async () => {
      const files = (await adapters())[0] as Map<string, Uint8Array>;
      return [zipOf(files), zipSync(Object.fromEntries(files), { level: 9 })];
    },
    mutate: damagedBytes,
    read: async (bytes) => {
      readZip('x.zip', bytes);
      await readAdapter(bytes);
    },
  },
  {
    name: 'adapter_config',
    samples: async () => (await adapters()).map((files) => files.get('adapter_config.json') as Uint8Array),
    mutate: damagedJsonFile,
    read: readAdapterConfig,
  },
  {
    name: 'tokenizer',
    // One of each kind beside the bundled one: BPE over bytes and characters, Unigram, words.
    samples: () => {
      const kinds = ['bpe_gpt2', 'bpe_split', 'bpe_characters', 'unigram', 'unigram_bytes', 'word_level', 'wordpiece_added'];
      return [
        utf8(JSON.stringify(bundledTokenizer())),
        ...kinds.map((kind) => fileAt(`${root}src/data/vectors/tokenizers/${kind}/tokenizer.json`)),
      ];
    },
    mutate: damagedJsonFile,
    read: readTokenizer,
  },
  ...formatsOfPictures(session),
];

export const formatNamed = (name: string): Format => {
  const found = formats.find((format) => format.name === name);
  if (found) return found;
  throw new RangeError(`There is no format '${name}'; there are ${formats.map((format) => format.name).join(', ')}.`);
};
