// Columns of the data that come with the product: texts with one or more columns of labels. Pure.

import type { Catalogue, TaskCard } from '../../../src/protocol/cards.ts';
import type { Columns, DataRef } from '../../../src/protocol/config.ts';

/** The columns of a bundled data set by its first labels; undefined of any other. */
export function bundledColumns(bundled: Catalogue['data'], { kind, name }: Pick<DataRef, 'kind' | 'name'>): Columns | undefined {
  const label = kind === 'bundled' ? bundled.find((item) => item.name === name)?.label_columns[0] : undefined;
  return label === undefined ? undefined : { text: 'text', label };
}

/** Whether a task learns one thing of each text that stands beside it. */
export const labelsRead = ({ learns }: Pick<TaskCard, 'learns'>): boolean => learns === 'class' || learns === 'number';
