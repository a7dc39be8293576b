// Where a model or a data set comes from. Which one it is stands in the settings.

import { useState } from 'react';
import type { Inputs } from '../../src/protocol/cards.ts';
import type { DataRef, ModelRef } from '../../src/protocol/config.ts';
import { useApp } from '../state/context.ts';

/** Where a model or data set comes from. A source can be open before anything of it is chosen. */
export type Source = 'bundled' | 'hub' | 'disk';

export const sourceOf = (kind: ModelRef['kind'] | DataRef['kind']): Source => (kind === 'bundled' || kind === 'hub' ? kind : 'disk');

/** The source of data that is open: the one picked here while texts, or pictures, are what is learned from; else that of the chosen data. */
export function useDataSource(inputs: Inputs): [Source, (source: Source) => void] {
  const [picked, setPicked] = useState<{ readonly source: Source; readonly inputs: Inputs }>();
  const chosen = useApp(({ settings }) => sourceOf(settings.data.kind));
  return [picked?.inputs === inputs ? picked.source : chosen, (source) => setPicked({ source, inputs })];
}

/** The source that is open: the one picked here, else that of the chosen model. The hub while a look-up that began elsewhere is under way. */
export function useModelSource(): [Source, (source: Source) => void] {
  const [picked, setPicked] = useState<Source>();
  const chosen = useApp(({ settings, hub }) => (hub.plan.pending || hub.plan.error !== undefined ? 'hub' : sourceOf(settings.model.kind)));
  return [picked ?? chosen, setPicked];
}
