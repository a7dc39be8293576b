// Adapters of models that write and that choose: under which task type they are written, and how those of PEFT are told.

import { expect, test } from 'vitest';
import type { AdapterArchive, AdapterExpectations, TensorSpec } from '../adapter_archive.ts';
import { bytesOf } from '../bytes.ts';
import { readExported, writeExported } from '../exported.ts';
import { openSafetensors, writeSafetensors } from '../safetensors.ts';
import { type TaskModel, taskTypes } from '../task_model.ts';
import { bertModel, cardFacts } from '../testing.ts';

const path = 'h.0.attn.c_attn';
const lora: TensorSpec[] = [
  { name: `${path}.lora_A.weight`, shape: [2, 4] },
  { name: `${path}.lora_B.weight`, shape: [12, 2] },
];
const score: TensorSpec = { name: 'score.weight', shape: [1, 4] };

/** A GPT-2 of one layer, 4 wide, that writes. */
const gpt2: TaskModel = {
  ...bertModel,
  ...{ model_type: 'gpt2', prefix: 'transformer.', pooling: 'last', num_hidden_layers: 1 },
  head: (_, kind) => ({ classes: kind === 'words' ? [] : ['score.weight'], before: [] }),
  writes: { task: 'language_modelling', type: taskTypes.words },
  names: () => ({ dense: [path], parameters: [`${path}.weight`], transposed: [`${path}.weight`] }),
};
const expecting = (model: TaskModel = gpt2): AdapterExpectations => ({
  methods: ['lora'],
  model,
  tensorsOf: ({ head }) => (head === 'words' ? lora : [...lora, score]),
});

const filled = (specs: readonly TensorSpec[]) =>
  new Map(
    specs.map(
      ({ name, shape }) =>
        [name, { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i + 0.5) }] as const,
    ),
  );

const archiveOf = (head: 'words' | 'choices', self_test: AdapterArchive['config']['self_test']): AdapterArchive => ({
  method: 'lora',
  labels: [],
  tensors: filled(head === 'words' ? lora : [...lora, score]),
  config: {
    ...{
      format: 'retrace',
      format_version: 1,
      method: 'lora',
      head,
      num_labels: 1,
      pooling: 'last',
      max_length: 8,
      seed: 1,
      retrace_version: '0',
    },
    task: head === 'words' ? 'question_answering' : 'multiple_choice',
    base_model: { name: 'org/gpt2', model_type: 'gpt2', sha256: null, dtype: 'F32' },
    hyper_parameters: {
      adapter_size: 2,
      lora_alpha: 8,
      lora_dropout: 0,
      target_modules: ['c_attn'],
      bias: 'none',
      use_rslora: false,
      rank_pattern: [],
      alpha_pattern: [],
      modules_to_save: [],
    },
    ...(self_test ? { self_test } : {}),
  },
});

const filesOf = (archive: AdapterArchive, model = gpt2) =>
  new Map(writeExported(archive, { ...cardFacts, labels: [] }, model).map(({ path: name, bytes }) => [name, bytes]));
const json = (files: ReadonlyMap<string, Uint8Array>) =>
  JSON.parse(new TextDecoder().decode(files.get('adapter_config.json'))) as Record<string, unknown>;
const namesIn = async (files: ReadonlyMap<string, Uint8Array>) => {
  const file = await openSafetensors(bytesOf('x', files.get('adapter_model.safetensors') ?? new Uint8Array()));
  return [...file.tensors.keys()];
};

const written = [
  'base_model.model.transformer.h.0.attn.c_attn.lora_A.weight',
  'base_model.model.transformer.h.0.attn.c_attn.lora_B.weight',
];
const question = { text: 'what is wet?', choices: ['stone', 'water', 'air'] };

test('an adapter of a model that writes has no head, and the task type by which PEFT goes on with texts or answers them', async () => {
  const archive = archiveOf('words', { texts: ['a text', question], logits: [[-3.5], [-1, -2, -3]] });
  const files = filesOf(archive);
  expect(json(files)).toMatchObject({ task_type: 'CAUSAL_LM', modules_to_save: null, fan_in_fan_out: true });
  expect(await namesIn(files)).toEqual(written);
  expect(files.has('labels.json')).toBe(false);
  expect(new TextDecoder().decode(files.get('README.md'))).toContain('AutoModelForCausalLM.from_pretrained("org/gpt2")');
  const { config, tensors, labels } = await readExported(files, expecting());
  expect({ config, labels }).toEqual({ config: archive.config, labels: [] });
  expect(tensors).toEqual(archive.tensors);
  const decoder = { ...gpt2, writes: { task: 'sequence_to_sequence', type: taskTypes.target_words } };
  expect(json(filesOf(archive, decoder))).toMatchObject({ task_type: 'SEQ_2_SEQ_LM' });
});

test('a table of words of its own stands beside the backbone; one that PEFT has trained apart from the embeddings is refused', async () => {
  const table: TensorSpec = { name: 'lm_head.weight', shape: [6, 4] };
  const own: TaskModel = { ...gpt2, beside: ['lm_head.weight'] };
  const archive = archiveOf('words', undefined);
  const { config } = archive;
  const saving = {
    ...archive,
    config: { ...config, hyper_parameters: { ...config.hyper_parameters, modules_to_save: ['lm_head'] } },
    tensors: filled([...lora, table]),
  };
  const files = filesOf(saving, own);
  expect(json(files)).toMatchObject({ modules_to_save: ['lm_head'] });
  expect(await namesIn(files)).toEqual([...written, 'base_model.model.lm_head.weight'].toSorted());
  const tied: TaskModel = { ...gpt2, shared: (kind) => new Map(kind === 'words' ? [['wte.weight', 'lm_head.weight']] : []) };
  await expect(readExported(files, expecting(tied))).rejects.toMatchObject({
    code: 'unsupported-peft',
    where: 'adapter_model.safetensors, base_model.model.lm_head.weight',
  });
});

test('one that chooses is a classifier of one output, and no regression', async () => {
  const files = filesOf(archiveOf('choices', { texts: [question], logits: [[1, 2, 3]] }));
  expect(json(files)).toMatchObject({ task_type: 'SEQ_CLS', modules_to_save: ['score'] });
  expect(await namesIn(files)).toEqual(['base_model.model.score.weight', ...written]);
  expect(files.has('labels.json')).toBe(false);
  const read = await readExported(files, expecting());
  expect(read).toMatchObject({ labels: [], config: { head: 'choices', task: 'multiple_choice', self_test: { texts: [question] } } });
});

test('as many numbers are recorded of a question as it has choices', async () => {
  const files = filesOf(archiveOf('choices', { texts: [question], logits: [[1, 2]] }));
  await expect(readExported(files, expecting())).rejects.toMatchObject({
    code: 'bad-adapter-config',
    message: expect.stringContaining('self_test'),
  });
});

/** As PEFT saves one of a model that writes, without a word of ours. */
async function byPeft(change: object): Promise<Map<string, Uint8Array>> {
  const files = filesOf(archiveOf('words', undefined));
  const file = await openSafetensors(bytesOf('x', files.get('adapter_model.safetensors') as Uint8Array));
  const tensors = await Promise.all(
    [...file.tensors.values()].map(async ({ name, shape, begin, end }) => ({
      name,
      shape,
      dtype: 'F32' as const,
      bytes: await file.source.read(begin, end),
    })),
  );
  return new Map([
    ['adapter_config.json', new TextEncoder().encode(JSON.stringify({ ...json(files), ...change }))],
    ['adapter_model.safetensors', writeSafetensors(tensors, { format: 'pt' })],
  ]);
}

test.each([
  ['task_type', {}],
  ['the class of its base', { task_type: null, auto_mapping: { base_model_class: 'GPT2LMHeadModel', parent_library: 'transformers' } }],
])('one of PEFT is told by %s', async (_, change) => {
  const { config, labels, notes } = await readExported(await byPeft(change), expecting());
  expect(config).toMatchObject({ head: 'words', task: 'language_modelling', num_labels: 1 });
  expect({ labels, notes }).toEqual({ labels: [], notes: undefined });
});

test('one of a model that writes is refused on a base that writes nothing', async () => {
  const { writes: _, ...silent } = gpt2;
  await expect(readExported(await byPeft({}), expecting(silent))).rejects.toMatchObject({
    code: 'unsupported-peft',
    message: 'adapter_config.json says task_type "CAUSAL_LM"; "SEQ_CLS" or null is supported.',
  });
});
