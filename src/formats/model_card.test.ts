import { expect, test } from 'vitest';
import { type CardDataset, type CardFacts, writeModelCard } from './model_card.ts';

const facts: CardFacts & { dataset: CardDataset } = {
  name: 'a "quoted": run',
  base_model: { name: 'org/base', sha256: 'ab'.repeat(32) },
  license: 'apache-2.0',
  language: ['en'],
  pipeline_tag: 'text-classification',
  method: 'MEFT1',
  dataset: { name: 'my\n---\ndata', id: 'org/data', train_examples: 100, eval_examples: 20, eval_split: 'validation' },
  metrics: [{ name: 'f1', title: 'F1', value: 0.91234 }],
  labels: ['<b>bold</b>', 'a|b'],
  hyper_parameters: [
    ['learning_rate', 0.003],
    ['target_modules', ['query', 'value']],
  ],
  notes: [['peak GPU bytes', '123']],
};
const text = (change: Partial<CardFacts> = {}): string =>
  new TextDecoder().decode(
    writeModelCard({ ...facts, ...change }, { relation: 'adapter', library_name: 'peft', tags: ['lora'], how_to_load: 'Like this.' }).bytes,
  );

test('the front matter quotes every string, so that no name can break out of it', () => {
  const [, front, body] = text().split(/^---$/m);
  expect(front).toBe(`
base_model: "org/base"
base_model_relation: "adapter"
library_name: "peft"
license: "apache-2.0"
language: ["en"]
pipeline_tag: "text-classification"
datasets: ["org/data"]
metrics: ["f1"]
tags: ["base_model:adapter:org/base", "generated_from_trainer", "lora"]
model-index:
- name: "a \\"quoted\\": run"
  results:
  - task: {type: "text-classification"}
    dataset: {name: "my\\n---\\ndata", type: "org/data", split: "validation"}
    metrics:
    - {name: "F1", type: "f1", value: 0.91234, verified: false}
`);
  expect(body).toContain(`sha256 of its weights: \`${'ab'.repeat(32)}\``);
  expect(body).toContain('20 examples (validation) it reaches, self-reported:');
  expect(body).toContain('- F1: 0.9123');
  expect(body).toContain('\\<b\\>bold\\</b\\> · a\\|b');
  expect(body).toContain('- learning_rate: 0.003');
  expect(body).toContain('- target_modules: query, value');
  expect(body).toContain('Like this.');
});

test('data of the hub stand with configuration, commit, licence and citation, whatever is written in them', () => {
  const dataset = {
    ...{ name: 'org/data/a/train', id: 'org/data', train_examples: 9, eval_examples: 2, eval_split: 'validation' },
    ...{ config: 'a", x: {', train_split: 'train', revision: '0123abc', licence: 'other\n# <b>', citation: '@misc{x}\n```\n# out' },
  };
  const [, front, body] = text({ dataset }).split(/^---$/m);
  expect(front).toContain(
    'dataset: {name: "org/data/a/train", type: "org/data", config: "a\\", x: {", split: "validation", revision: "0123abc"}',
  );
  expect(body).toContain('- [org/data](https://huggingface.co/datasets/org/data), configuration a", x: {, split train');
  expect(body).toContain('- licence, as the hub names it: other \\# \\<b\\>');
  expect(body).toContain('as:\n\n````\n@misc{x}\n```\n# out\n````');
  expect(text()).toContain('- licence, as the hub names it: none is named');
  const { id: _, ...own } = facts.dataset;
  expect(text({ dataset: own })).not.toContain('## Data');
});

test('a run that was not evaluated claims no metric', () => {
  const card = text({ metrics: [] });
  expect(card).toContain('It was not evaluated.');
  expect(card).not.toMatch(/model-index|metrics:|self-reported/);
});
