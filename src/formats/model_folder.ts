// A whole fine-tuned model as a folder that plain Transformers loads: its configuration, its card, and which files of the base's folder go along. Not here:
// its weights (safetensors.ts). Invariant: what the base's configuration says of the backbone stays as it is.

import { jsonBytes } from './adapter_archive.ts';
import { idMaps } from './adapter_labels.ts';
import { type CardFacts, writeModelCard } from './model_card.ts';
import type { HeadKind } from './task_model.ts';
import type { Dtype } from './tensor_file.ts';
import type { ArchiveFile } from './zip.ts';

/** Whatever of these a base's folder has, its model takes along. */
export const tokenizerFiles: readonly string[] = [
  ...['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json', 'vocab.txt', 'vocab.json', 'merges.txt'],
  ...['spiece.model', 'sentencepiece.bpe.model', 'tokenizer.model', 'spm.model'],
];

/** Types that weights are written in, by Transformers' names, the widest first. */
const dtypeNames = { F32: 'float32', BF16: 'bfloat16', F16: 'float16' } as const;
export type WrittenType = keyof typeof dtypeNames;
export type WrittenTypeName = (typeof dtypeNames)[WrittenType];

/** A checkpoint's own type, where it is one that is written: f64 becomes f32. */
export const writtenType = (dtype: Dtype): WrittenType => (dtype === 'F16' || dtype === 'BF16' ? dtype : 'F32');

/** What all of these types fit in without rounding. */
export function commonType(types: Iterable<WrittenType>): WrittenTypeName {
  const [first = 'F32', ...others] = new Set(types);
  return others.length === 0 ? dtypeNames[first] : 'float32';
}

export interface TaskHead {
  /** Transformers' class: BertForSequenceClassification. */
  readonly architecture: string;
  readonly model_type: string;
  readonly problem_type?: string | undefined;
  /** None where the one output is a number or a score; left out where the model writes. */
  readonly labels?: readonly string[] | undefined;
  readonly dtype: WrittenTypeName;
}

/** config.json: the base's, with another head. */
export function configFile(
  base: Readonly<Record<string, unknown>>,
  { architecture, model_type, problem_type, labels, dtype }: TaskHead,
): ArchiveFile {
  const { _name_or_path: _, num_labels: __, torch_dtype, dtype: ___, ...kept } = base;
  // Transformers 5 reads either name, and those before it the older one alone.
  const type = torch_dtype === undefined && ___ !== undefined ? { dtype } : { torch_dtype: dtype };
  const maps = labels && idMaps(labels.length > 0 ? labels : ['LABEL_0']);
  const head = { ...(problem_type === undefined ? {} : { problem_type }), ...maps };
  return { path: 'config.json', bytes: jsonBytes({ ...kept, model_type, architectures: [architecture], ...head, ...type }) };
}

/** Lines of Python that use the model. */
const uses = {
  sequence: ['pipeline', 'classifier = pipeline("text-classification", model="this-folder")', 'print(classifier("a sentence"))'],
  pictures: ['pipeline', 'classifier = pipeline("image-classification", model="this-folder")', 'print(classifier("picture.png"))'],
  choices: [
    'AutoModelForMultipleChoice, AutoTokenizer',
    'tokenizer = AutoTokenizer.from_pretrained("this-folder")',
    'model = AutoModelForMultipleChoice.from_pretrained("this-folder").eval()',
    'rows = tokenizer([question] * len(choices), choices, return_tensors="pt", padding=True)',
    'print(model(**{name: t[None] for name, t in rows.items()}).logits)  # a score for each choice',
  ],
  choices_as_texts: [
    'AutoModelForSequenceClassification',
    'model = AutoModelForSequenceClassification.from_pretrained("this-folder").eval()',
    '# its one logit of (question, choice) is the score of a choice',
  ],
  words: ['pipeline', 'writer = pipeline(model="this-folder")', 'print(writer("a beginning"))'],
} as const satisfies Readonly<Record<HeadKind | 'choices_as_texts' | 'pictures', readonly [imports: string, ...lines: string[]]>>;

function howToLoad(dtype: WrittenTypeName, kind: keyof typeof uses): string {
  const [imports, ...lines] = uses[kind];
  return `With \`pip install torch transformers${kind === 'pictures' ? ' pillow' : ''}\`:

\`\`\`python
from transformers import ${imports}

${lines.join('\n')}
\`\`\`

Retrace opens the folder as a model too. ${
    dtype === 'float32'
      ? 'The weights are in float32.'
      : `The weights are in ${dtype}, as the base's are: what was trained was added in float32 and the sum rounded once, to nearest even.`
  }`;
}

const useOf = (kind: HeadKind, architecture: string): keyof typeof uses => {
  if (/ForImageClassification/.test(architecture)) return 'pictures';
  return kind === 'choices' && !architecture.endsWith('ForMultipleChoice') ? 'choices_as_texts' : kind;
};

export const cardFile = (facts: CardFacts, dtype: WrittenTypeName, kind: HeadKind, architecture: string): ArchiveFile =>
  writeModelCard(facts, {
    relation: 'finetune',
    library_name: 'transformers',
    tags: ['retrace', 'transformers'],
    // Some architectures have no class of their own that scores choices.
    how_to_load: howToLoad(dtype, useOf(kind, architecture)),
  });
