// The first rows of the data, with each column's part chosen in its own header.

import type { Columns } from '../../../src/protocol/config.ts';
import type { DataPreview } from '../../../src/protocol/messages.ts';
import type { ColumnKind } from '../../../src/protocol/reading.ts';
import { guessesOf, missingRoles, type Role, roleOf, withRole } from '../../state/columns.ts';
import { Choice } from '../../ui/Choice.tsx';
import { plural } from '../../ui/format.ts';

interface PreviewTableProps {
  preview: DataPreview;
  columns: Columns | undefined;
  /** What is to be predicted. */
  target: 'label' | 'number';
  /** Whether to say why the columns were guessed as they are. */
  explained: boolean;
  onColumns(columns: Columns): void;
}

const itemsOf = (target: 'label' | 'number'): readonly { value: Role | 'ignore'; label: string }[] => [
  { value: 'text', label: 'Text' },
  { value: 'text_pair', label: 'Second text' },
  { value: 'label', label: target === 'number' ? 'Number' : 'Label' },
  { value: 'ignore', label: 'Not used' },
];

/** A column of lists, objects or bytes can be neither text nor label. */
const holdsTexts = (kind: ColumnKind | undefined): boolean => kind !== 'list' && kind !== 'object' && kind !== 'bytes';

export function PreviewTable({ preview, columns, target, explained, onColumns }: PreviewTableProps) {
  const items = itemsOf(target);
  const roleTitles: Readonly<Record<Role, string>> = { text: 'text', text_pair: 'second text', label: target };
  const missing = missingRoles(columns);
  const guesses = explained ? guessesOf(columns, preview) : [];
  const sample = preview.sample.slice(0, 5).map((cells, row) => ({ cells, row }));
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (axe: scrollable-region-focusable). */}
      <section className="scroll preview" tabIndex={0} aria-label={`First rows of ${preview.name}`}>
        <table>
          <thead>
            <tr>
              {preview.columns.map((column, i) => (
                <th key={column} scope="col" data-role={roleOf(columns, column)}>
                  <span className="column-name">{preview.header ? column : `column ${column}`}</span>
                  {holdsTexts(preview.kinds[i]?.kind) ? (
                    <Choice
                      label={`Part of column ${column}`}
                      value={roleOf(columns, column)}
                      items={items}
                      onChange={(role) => onColumns(withRole(columns, column, role))}
                    />
                  ) : (
                    <span className="small muted">{preview.kinds[i]?.is}</span>
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
          {guesses.map(({ role, column, reason }) => (
            <li key={role}>
              The {roleTitles[role]} is <code>{preview.header ? column : `column ${column}`}</code>, because {reason}.
            </li>
          ))}
        </ul>
      )}
      {missing.length > 0 && (
        <p className="small wrong" role="status">
          Choose the column of the {missing.map((role) => roleTitles[role]).join(' and the column of the ')} in the table's header.
        </p>
      )}
    </>
  );
}
