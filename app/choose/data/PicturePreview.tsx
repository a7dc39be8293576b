// Some pictures of each class, as they are found before anything is read whole; where a table stands behind them and has a choice of columns, its first rows.

import type { TaskCard } from '../../../src/protocol/cards.ts';
import type { Columns } from '../../../src/protocol/config.ts';
import type { DataPreview, DataReport, PreviewPicture } from '../../../src/protocol/messages.ts';
import { plural } from '../../../src/protocol/sentences.ts';
import { missingParts } from '../../state/columns.ts';
import { Thumbnail } from '../../ui/Thumbnail.tsx';
import { PreviewTable } from './PreviewTable.tsx';

interface PicturePreviewProps {
  preview: DataPreview;
  /** What is known once they have been decoded. */
  report: DataReport | undefined;
  columns: Columns | undefined;
  task: TaskCard;
  /** Whether to say how they were read. */
  explained: boolean;
  onColumns(columns: Columns): void;
}

export function PicturePreview({ preview, report, columns, task, explained, onColumns }: PicturePreviewProps) {
  const { pictures = [], parts = [], rows, rows_counted } = preview;
  // Of a folder the columns follow from its layout.
  const asTable = preview.columns.length > 2 || missingParts(columns, task).length > 0;
  const notes = report?.reading ?? [preview.reading.said, ...preview.notes].filter((note) => note !== '');
  return (
    <>
      <PictureGrid pictures={pictures} />
      {asTable ? (
        <PreviewTable preview={preview} columns={columns} task={task} explained={explained} onColumns={onColumns} />
      ) : (
        <>
          <p className="small muted">
            {rows_counted === 'estimated' ? 'about ' : ''}
            {plural(rows, 'picture')}
            {parts.length > 1 && `; parts: ${parts.join(', ')}`}
          </p>
          {explained && notes.length > 0 && (
            <ul className="guesses small muted" aria-label="How the pictures were read">
              {notes.map((note) => (
                <li key={note}>{note}</li>
              ))}
            </ul>
          )}
        </>
      )}
    </>
  );
}

/** In the order in which they came, which is that of the classes. */
function PictureGrid({ pictures }: { pictures: readonly PreviewPicture[] }) {
  const classes = [...new Set(pictures.map(({ label = '' }) => label))];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (axe: scrollable-region-focusable).
    <section className="scroll picture-grid" tabIndex={0} aria-label="Some pictures of each class">
      <ul className="picture-classes" data-few={pictures.length <= 2 * classes.length}>
        {classes.map((label) => (
          <li key={label}>
            <span className="picture-class" title={label}>
              {label}
            </span>
            <span className="thumbnails">
              {pictures
                .filter((picture) => (picture.label ?? '') === label)
                .map(({ path, file }) => (
                  <Thumbnail key={path} blob={file} alt={label === '' ? path : `${label}: ${path}`} />
                ))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
