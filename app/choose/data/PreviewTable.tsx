// The first rows of the data, with each column's part chosen in its own header.

import type { TaskCard } from '../../../src/protocol/cards.ts';
import type { Columns } from '../../../src/protocol/config.ts';
import type { DataPreview } from '../../../src/protocol/messages.ts';
import type { ColumnKind } from '../../../src/protocol/reading.ts';
import { plural } from '../../../src/protocol/sentences.ts';
import { canPlay, guessesOf, missingParts, type Part, partsOf, partsText, roleOf, withRole } from '../../state/columns.ts';
import { Choice } from '../../ui/Choice.tsx';

interface PreviewTableProps {
  preview: DataPreview;
  columns: Columns | undefined;
  task: TaskCard;
  /** Whether to say why the columns were guessed as they are. */
  explained: boolean;
  onColumns(columns: Columns): void;
}

/** What a column of this kind can be. */
const itemsOf = (parts: readonly Part[], kind: ColumnKind | undefined) => {
  const able = parts.filter(({ role }) => canPlay(kind, role)).map(({ role, title }) => ({ value: role, label: title }));
  return able.length === 0 ? [] : [...able, { value: 'ignore' as const, label: 'Not used' }];
};

export function PreviewTable({ preview, columns, task, explained, onColumns }: PreviewTableProps) {
  const parts = partsOf(task);
  const missing = missingParts(columns, task);
  const nameOf = (column: string) => (preview.header ? column : `column ${column}`);
  const guesses = (explained ? guessesOf(columns, preview) : []).flatMap((guess) => {
    const part = parts.find(({ role }) => role === guess.role);
    return part === undefined ? [] : [{ ...part, ...guess }];
  });
  const heads = preview.columns.map((column, i) => {
    const kind = preview.kinds[i];
    return { column, is: kind?.is, items: itemsOf(parts, kind?.kind) };
  });
  const sample = preview.sample.slice(0, 5).map((cells, row) => ({ cells, row }));
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (axe: scrollable-region-focusable). */}
      <section className="scroll preview" tabIndex={0} aria-label={`First rows of ${preview.name}`}>
        <table>
          <thead>
            <tr>
              {heads.map(({ column, is, items }) => (
                <th key={column} scope="col" data-role={roleOf(columns, column)}>
                  <span className="column-name">{nameOf(column)}</span>
                  {items.length > 0 ? (
                    <Choice
                      label={`Part of column ${column}`}
                      value={roleOf(columns, column)}
                      items={items}
                      onChange={(role) => onColumns(withRole(columns, column, role))}
                    />
                  ) : (
                    <span className="small muted">{is}</span>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sample.map(({ cells, row }) => (
              <tr key={row}>
                {preview.columns.map((column, i) => (
                  <td key={column} data-role={roleOf(columns, column)}>
                    {cells[i]}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p className="small muted">
        {preview.rows_counted === 'estimated' ? 'about ' : ''}
        {plural(preview.rows, 'row')}
        {preview.header ? '' : ', no header'}
        {explained ? `; ${preview.reading.said}` : ''}
      </p>
      {preview.notes.length > 0 && (
        <ul className="guesses small" aria-label="How the file was read">
          {preview.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {guesses.length > 0 && (
        <ul className="guesses small muted" aria-label="Why these columns">
          {guesses.map(({ role, title, columns: held, reason }) => (
            <li key={role}>
              The {title.toLowerCase()} {role === 'choices' ? 'are' : 'is'} <code>{held.map(nameOf).join(', ')}</code>, because {reason}.
            </li>
          ))}
        </ul>
      )}
      {missing.length > 0 && (
        <p className="small wrong" role="status">
          Choose in the table's header which column holds {partsText(missing)}.
        </p>
      )}
    </>
  );
}
