// The groups under which methods are offered, in the order of the page.

import type { MethodCard, MethodGroup } from '../../src/protocol/cards.ts';

export const groupTitles: Readonly<Record<MethodGroup, { readonly title: string; readonly says: string }>> = {
  reversible: { title: 'Reversible', says: 'layers are undone, not remembered' },
  'off-gpu': { title: 'Off the GPU', says: '' },
  'side-network': { title: 'Side networks', says: 'no backward pass through the model' },
  prompt: { title: 'Prompts', says: 'trained vectors among the tokens' },
  adapter: { title: 'Adapters', says: 'few weights train, activations stay' },
  baseline: { title: 'Baselines', says: 'to compare with' },
};

export interface CardsOfGroup {
  readonly group: MethodGroup;
  readonly cards: readonly MethodCard[];
}

/** The groups that have a card, each with its cards as the catalogue orders them. */
export const grouped = (cards: readonly MethodCard[]): CardsOfGroup[] =>
  (Object.keys(groupTitles) as MethodGroup[])
    .map((group) => ({ group, cards: cards.filter((card) => card.group === group) }))
    .filter(({ cards: own }) => own.length > 0);

/** Every card in the order in which the groups stand. */
export const inOrder = (cards: readonly MethodCard[]): MethodCard[] => grouped(cards).flatMap(({ cards: own }) => own);
