// README.md of an exported adapter or model: the front matter that the hub reads, and what a person needs to judge and load it.
// Invariant: every string in the front matter is quoted, and a metric stands here only if it was measured.

import type { ArchiveFile } from './zip.ts';

export interface CardDataset {
  readonly name: string;
  /** Hub id, where it has one. */
  readonly id?: string;
  readonly train_examples: number;
  readonly eval_examples: number;
  /** Which part was evaluated on. */
  readonly eval_split: string;
  /** Of a data set of the hub: its configuration, the split that was trained on, the commit of its files. */
  readonly config?: string | undefined;
  readonly train_split?: string | undefined;
  readonly revision?: string | undefined;
  /** As the hub gives them, unchecked. */
  readonly licence?: string | undefined;
  readonly citation?: string | undefined;
}

/** What is known of what was trained; the layout adds how to load it. */
export interface CardFacts {
  /** Name of the run or adapter. */
  readonly name: string;
  /** Hub id of the base where it has one, else its folder's name. */
  readonly base_model: { readonly name: string; readonly sha256: string | null };
  readonly license?: string;
  /** ISO codes. */
  readonly language?: readonly string[];
  /** The hub's name for the task. */
  readonly pipeline_tag: string;
  /** As people read it: "MEFT1". */
  readonly method: string;
  /** Left out where it was trained elsewhere. */
  readonly dataset?: CardDataset | undefined;
  /** Measured on the evaluation part; empty where nothing was. */
  readonly metrics: readonly { readonly name: string; readonly title: string; readonly value: number }[];
  /** None where numbers are predicted. */
  readonly labels: readonly string[];
  /** In the order to show. */
  readonly hyper_parameters: readonly (readonly [name: string, value: number | string | boolean | readonly string[]])[];
  /** Further facts: memory predicted and measured, device, version. */
  readonly notes: readonly (readonly [name: string, value: string])[];
}

export interface CardLayout {
  /** What it is to its base, in the hub's words: an adapter, or a whole model. */
  readonly relation: 'adapter' | 'finetune';
  /** The hub's library; absent for a layout of our own. */
  readonly library_name?: string;
  readonly tags: readonly string[];
  /** Markdown. */
  readonly how_to_load: string;
}

/** A JSON string is a YAML one. */
const quoted = (text: string): string => JSON.stringify(text);
const list = (values: readonly string[]): string => `[${values.map(quoted).join(', ')}]`;
/** User text that stays on its line and is not markup. */
const plain = (text: string): string => text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>|#]/g, '\\$&');

/** The members of a data set in the model index, in the hub's order. */
function indexed({ name, id, config, eval_split, revision }: CardDataset): string {
  const members = { name, type: id ?? name, config, split: eval_split, revision };
  return Object.entries(members)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${quoted(value)}`]))
    .join(', ');
}

/** Text of others as it is, in a fence that nothing in it ends. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text.trim().slice(0, 10_000)}\n${fence}`;
}

/** What is known of a data set of the hub. */
function dataLines({ id, config, train_split, revision, licence, citation }: CardDataset): string[] {
  if (id === undefined) return [];
  return [
    '\n## Data\n',
    `- [${plain(id)}](https://huggingface.co/datasets/${encodeURI(id)})${config === undefined ? '' : `, configuration ${plain(config)}`}${train_split === undefined ? '' : `, split ${plain(train_split)}`}`,
    ...(revision === undefined ? [] : [`- commit of its files: \`${plain(revision)}\``]),
    `- licence, as the hub names it: ${licence === undefined ? 'none is named' : plain(licence)}`,
    ...(citation === undefined ? [] : [`- to be cited, as the hub says, as:\n\n${fenced(citation)}`]),
  ];
}

function frontMatter(facts: CardFacts, layout: CardLayout): string {
  const { base_model, dataset, metrics, pipeline_tag } = facts;
  const tags = [`base_model:${layout.relation}:${base_model.name}`, ...layout.tags, 'generated_from_trainer'].sort();
  const lines = [
    `base_model: ${quoted(base_model.name)}`,
    `base_model_relation: ${quoted(layout.relation)}`,
    ...(layout.library_name === undefined ? [] : [`library_name: ${quoted(layout.library_name)}`]),
    ...(facts.license === undefined ? [] : [`license: ${quoted(facts.license)}`]),
    ...(facts.language === undefined ? [] : [`language: ${list(facts.language)}`]),
    `pipeline_tag: ${quoted(pipeline_tag)}`,
    ...(dataset?.id === undefined ? [] : [`datasets: ${list([dataset.id])}`]),
    ...(metrics.length === 0 ? [] : [`metrics: ${list(metrics.map((metric) => metric.name))}`]),
    `tags: ${list(tags)}`,
  ];
  if (dataset && metrics.length > 0) {
    lines.push(
      'model-index:',
      `- name: ${quoted(facts.name)}`,
      '  results:',
      `  - task: {type: ${quoted(pipeline_tag)}}`,
      `    dataset: {${indexed(dataset)}}`,
      '    metrics:',
      ...metrics.map(({ name, title, value }) => `    - {name: ${quoted(title)}, type: ${quoted(name)}, value: ${value}, verified: false}`),
    );
  }
  return `---\n${lines.join('\n')}\n---\n`;
}

/** The whole README.md. */
export function writeModelCard(facts: CardFacts, layout: CardLayout): ArchiveFile {
  const { base_model, dataset, metrics, labels } = facts;
  const row = ([name, value]: readonly [string, unknown]): string =>
    `- ${name}: ${plain(Array.isArray(value) ? value.join(', ') : String(value))}`;
  const trained = dataset ? ` on ${dataset.train_examples} examples of ${plain(dataset.name)} by Retrace` : '';
  const by = `fine-tuned with ${plain(facts.method)}${trained}`;
  const results = !dataset
    ? 'It was trained elsewhere: its adapter says on what, and how well it did.'
    : metrics.length === 0
      ? 'It was not evaluated.'
      : [
          `On ${dataset.eval_examples} examples (${plain(dataset.eval_split)}) it reaches, self-reported:\n`,
          ...metrics.map(({ title, value }) => `- ${title}: ${value.toFixed(4)}`),
        ].join('\n');
  const checksum = base_model.sha256 === null ? [] : [`- sha256 of its weights: \`${base_model.sha256}\``];
  const text = [
    frontMatter(facts, layout),
    `# ${plain(facts.name)}\n`,
    layout.relation === 'adapter'
      ? `An adapter for ${plain(base_model.name)}, ${by}.`
      : `The whole model ${plain(base_model.name)}, ${by}; what was trained is in its weights, and no adapter is needed.`,
    `${results}\n`,
    '## Base model\n',
    `- ${plain(base_model.name)}`,
    ...checksum,
    ...(dataset ? dataLines(dataset) : []),
    ...(labels.length === 0 ? [''] : [`\n## Labels (${labels.length})\n`, `${labels.map(plain).join(' · ')}\n`]),
    '## How to load\n',
    `${layout.how_to_load}\n`,
    '## Training hyper-parameters\n',
    ...facts.hyper_parameters.map(row),
    ...(facts.notes.length === 0 ? [] : ['\n## Run\n', ...facts.notes.map(row)]),
    '',
  ].join('\n');
  return { path: 'README.md', bytes: new TextEncoder().encode(text) };
}
