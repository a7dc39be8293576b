// The page and the protocol's table of options: every option has its control under the table's label, and no control of an option stands beside the table.

import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import type { MethodCard } from '../../src/protocol/cards.ts';
import { policyNames, streamKinds } from '../../src/protocol/config.ts';
import { optimizerNames } from '../../src/protocol/optimizers.ts';
import type { Option } from '../../src/protocol/options/option.ts';
import { optionTable } from '../../src/protocol/options/table.ts';
import { methodCards } from '../../src/session/models/method_cards.ts';
import { PictureReading } from '../choose/data/PictureReading.tsx';
import { ReadingFields } from '../choose/data/ReadingFields.tsx';
import { MethodSection } from '../choose/method/MethodSection.tsx';
import { ModelSection } from '../choose/model/ModelSection.tsx';
import { AdvancedFields, NumbersSection } from '../choose/training/NumbersSection.tsx';
import { firstRun, type Settings } from '../state/settings.ts';

const cards = methodCards();
const nothing = () => undefined;
const file = { kind: 'file', name: 'a.csv', blob: new Blob(['a,b']) } as const;

/** All that can be set of a run with this method, as markup. */
function markupOf(card: MethodCard, settings: Settings, policy: (typeof policyNames)[number]): string {
  const shared = { settings, card, task: undefined, policy, layers: 6, changed: 0, error: undefined };
  const handlers = { onTraining: nothing, onOption: nothing, onMemory: nothing };
  const description = {
    model_type: 'bert',
    name: 'a',
    num_hidden_layers: 6,
    hidden_size: 8,
    max_position_embeddings: 64,
    inputs: 'image',
    image: { image_size: 224, patch_size: 16, tokens: 197, own_size: 224 },
    parameters: 1,
    bytes: 1,
    notes: [],
    missing: [],
    stored_type: 'f32',
    pooling: 'mean',
    poolings: ['mean', 'cls'],
    methods: cards,
    tasks: [],
  } as const;
  return renderToStaticMarkup(
    <>
      <ModelSection
        {...{ model: firstRun.model, pooling: undefined, bundled: [], source: 'bundled' as const }}
        description={{ pending: false, value: description }}
        {...{ onSource: nothing, onModel: nothing, onPooling: nothing, imageSize: undefined, onImageSize: nothing }}
      />
      <PictureReading data={{ kind: 'pictures', name: 'pets', files: [] }} onData={nothing} />
      <ReadingFields data={file} reading={undefined} onData={nothing} />
      <MethodSection methods={cards} method={card.name} policy={policy} onMethod={nothing} onPolicy={nothing} />
      <NumbersSection {...shared} {...handlers} />
      <AdvancedFields {...shared} {...handlers} />
    </>,
  );
}

/** Names of options that have a control, each with the text that stands in it. */
function controlsIn(markup: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', rest = ''] of markup.matchAll(/data-option="([a-z0-9_]+)"(.*?)(?=data-option=|$)/gs))
    found.set(name, rest.replaceAll(/<[^>]*>/g, ' ').replaceAll('&#x27;', "'"));
  return found;
}

const everyMarkup = cards.flatMap((card) =>
  policyNames
    .filter((policy) => card.refusals[policy] === null)
    .flatMap((policy) =>
      streamKinds.flatMap((streams) =>
        optimizerNames.map((optim) => ({
          card,
          controls: controlsIn(markupOf(card, { ...firstRun, method: card.name, options: { streams }, training: { optim } }, policy)),
        })),
      ),
    ),
);

test('every option of the table has a control in some run, and every control is of the table', () => {
  const seen = new Set(everyMarkup.flatMap(({ controls }) => [...controls.keys()]));
  const all = Object.values(optionTable).flatMap((group) => Object.keys(group));
  expect([...seen].sort()).toEqual(all.sort());
});

test('a method shows its own hyper-parameters and no others', () => {
  for (const { card, controls } of everyMarkup)
    expect(
      Object.keys(optionTable.method)
        .filter((name) => controls.has(name))
        .sort(),
      card.name,
    ).toEqual([...card.uses].sort());
});

test('controls carry the labels of the table, or those of the method', () => {
  const records: Readonly<Record<string, Option>> = Object.assign({}, ...Object.values(optionTable));
  for (const { card, controls } of everyMarkup) {
    for (const [name, text] of controls) {
      const label = card.options.find(({ key }) => key === name)?.label ?? records[name]?.label ?? '';
      expect(text, name).toContain(label);
    }
  }
});

test('a choice that is left out stands as the default, with what that means', () => {
  const [card] = cards.filter(({ name }) => name === 'meft1');
  if (!card) return expect.fail('there is no meft1');
  const chosen = (memory: Settings['memory']) =>
    /data-option="granularity".*?aria-checked="true"[^>]*>(?:<[^>]*>)*([a-z]+)/s.exec(
      markupOf(card, { ...firstRun, memory }, 'reversible'),
    )?.[1];
  expect(chosen({})).toBe('default');
  expect(chosen({ granularity: 'fast' })).toBe('fast');
  expect(controlsIn(markupOf(card, firstRun, 'reversible')).get('granularity')).toContain(
    'Default: frugal on a processor, balanced on a GPU.',
  );
});

test('a memory budget is typed in MB and kept in bytes', () => {
  const [card] = cards.filter(({ name }) => name === 'meft1');
  if (!card) return expect.fail('there is no meft1');
  const field = (memory: Settings['memory']) =>
    /data-option="memory_budget".*?<input[^>]*value="([^"]*)"/s.exec(markupOf(card, { ...firstRun, memory }, 'reversible'))?.[1];
  expect(field({})).toBe('');
  expect(field({ memory_budget: 512e6 })).toBe('512');
});
