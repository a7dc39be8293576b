// A chart with its numbers one click away: every picture on the page has a table that says the same.

import { type ReactNode, useState } from 'react';
import { Icon } from './icons.tsx';

interface FigureProps {
  title: string;
  note?: ReactNode;
  picture: ReactNode;
  /** Built only when it is looked at. */
  table(): ReactNode;
}

export function Figure({ title, note, picture, table }: FigureProps) {
  const [asTable, setAsTable] = useState(false);
  return (
    <section className="figure" aria-label={title}>
      <div className="figure-head">
        <h3>{title}</h3>
        <button
          type="button"
          className="quiet"
          onClick={() => setAsTable(!asTable)}
          aria-label={`${title}: show as ${asTable ? 'chart' : 'table'}`}
        >
          <Icon name={asTable ? 'chart' : 'table'} /> {asTable ? 'Chart' : 'Table'}
        </button>
      </div>
      {note !== undefined && <div className="figure-note">{note}</div>}
      {asTable ? table() : picture}
    </section>
  );
}

interface NumbersProps {
  caption: string;
  head: readonly string[];
  rows: readonly (readonly (string | number)[])[];
}

/** A plain table of numbers that scrolls by itself; the first column names the row. */
export function Numbers({ caption, head, rows }: NumbersProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (axe: scrollable-region-focusable).
    <section className="scroll" tabIndex={0} aria-label={caption}>
      <table className="numbers">
        <caption className="hidden">{caption}</caption>
        <thead>
          <tr>
            {head.map((cell) => (
              <th key={cell} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, ...cells], row) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two rows may have one name, such as a text that comes twice.
            <tr key={`${row} ${name}`}>
              <th scope="row" title={String(name)}>
                {name}
              </th>
              {cells.map((cell, i) => (
                <td key={head[i + 1]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
