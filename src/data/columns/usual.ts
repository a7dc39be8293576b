// The columns of a data set that is known by name: those that its authors' files or the hub's have, unless others are named. Nothing is guessed here.

import { type Columns, columnNames, type NamedColumns } from '../../protocol/config.ts';
import type { Table } from '../table/table.ts';
import type { ChosenColumns } from './choose.ts';

const has = ({ columns, header }: Table, usual: Columns): boolean =>
  columnNames(usual).every((name) => (header ? columns.includes(name) : Number(name) < columns.length));

/** A layout without what is to be predicted, which rows to predict of need not have. */
export function unlabelledLayout(layout: Columns | undefined): Columns | undefined {
  if (layout === undefined) return undefined;
  const { label: _, ...rest } = layout;
  return rest;
}

/** The first of the layouts that the table has, with what is named in its place; undefined where it has none of them, or another text or picture is named. */
export function usualColumns(
  table: Table,
  title: string,
  layouts: readonly (Columns | undefined)[],
  named: NamedColumns = {},
): ChosenColumns | undefined {
  const usual = layouts.find((layout) => layout !== undefined && has(table, layout));
  if (usual === undefined || named.text !== undefined || named.image !== undefined) return undefined;
  const { text_pair = usual.text_pair, label = usual.label, choices = usual.choices, target = usual.target } = named;
  const given = new Set(Object.entries(named).flatMap(([part, name]) => (name === undefined ? [] : [part])));
  const left = Object.keys(usual).filter((part) => !given.has(part));
  return {
    columns: {
      ...(usual.text === undefined ? {} : { text: usual.text }),
      ...(usual.image === undefined ? {} : { image: usual.image }),
      ...(typeof text_pair === 'string' ? { text_pair } : {}),
      ...(label === undefined ? {} : { label }),
      ...(choices === undefined ? {} : { choices }),
      ...(target === undefined ? {} : { target }),
    },
    reasons: Object.fromEntries(
      left.map((part) => [
        part,
        `${part === 'choices' && usual.choices?.length !== 1 ? 'those are their names' : 'that is its name'} in ${title}`,
      ]),
    ),
  };
}
