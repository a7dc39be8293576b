// The data: bundled, from the hub, a table from the disk or the clipboard, or pictures from the disk; its columns; what it is like.

import type { Catalogue, TaskCard } from '../../../src/protocol/cards.ts';
import type { Columns, DataRef } from '../../../src/protocol/config.ts';
import type { DataPreview, DataReport } from '../../../src/protocol/messages.ts';
import { HubDataset } from '../../hub/HubDataset.tsx';
import type { Answer } from '../../state/answer.ts';
import { bundledChoice, type DataChoice, labelsRead } from '../../state/fitting.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Segmented } from '../../ui/Segmented.tsx';
import { type Source, sourceOf } from '../source.ts';
import { DataPicture } from './DataPicture.tsx';
import { DataWarnings } from './DataWarnings.tsx';
import { OwnData } from './OwnData.tsx';
import { OwnPictures } from './OwnPictures.tsx';
import { PicturePreview } from './PicturePreview.tsx';
import { PictureReading } from './PictureReading.tsx';
import { PreviewTable } from './PreviewTable.tsx';
import { ReadingFields } from './ReadingFields.tsx';

interface DataSectionProps {
  data: DataRef;
  columns: Columns | undefined;
  task: TaskCard | undefined;
  bundled: Catalogue['data'];
  preview: Answer<DataPreview>;
  report: Answer<DataReport>;
  source: Source;
  onSource(source: Source): void;
  /** What is left out is to be found out. */
  onData(choice: Pick<DataChoice, 'data'> & Partial<DataChoice>): void;
  /** The same data, read otherwise. */
  onReading(data: DataRef): void;
  onColumns(columns: Columns): void;
}

export function DataSection(props: DataSectionProps) {
  const { data, columns, task, bundled, preview, report, source, onSource, onData, onReading, onColumns } = props;
  const item = bundled.find(({ name }) => name === data.name);
  // Of data that can't be read what was said of others would be shown.
  const shown = preview.error === undefined ? report.value : undefined;
  const labelled = task !== undefined && labelsRead(task);
  const inputs = task?.inputs ?? 'text';
  const offered = bundled.filter((one) => one.inputs === inputs);
  const chooseBundled = (name: string) => {
    const chosen = offered.find((one) => one.name === name);
    if (chosen !== undefined) onData(bundledChoice(chosen, task));
  };
  const shared = { preview: preview.value, columns, explained: source !== 'bundled', onColumns };
  return (
    <>
      <div className="row">
        <Segmented
          label="Data"
          value={source === 'bundled' ? data.name : `/${source}`}
          items={[
            ...offered.map(({ name, title }) => ({ value: name, label: title })),
            { value: '/hub', label: 'From the hub' },
            { value: '/disk', label: 'Your own' },
          ]}
          onChange={(value) => {
            onSource(value === '/disk' ? 'disk' : value === '/hub' ? 'hub' : 'bundled');
            if (!value.startsWith('/') && (data.kind !== 'bundled' || data.name !== value)) chooseBundled(value);
          }}
        />
        {source === 'bundled' && item !== undefined && item.label_columns.length > 1 && labelled && (
          <Segmented
            label="Label column"
            value={columns?.label ?? ''}
            items={item.label_columns.map((name) => ({ value: name, label: `by ${name}` }))}
            onChange={(label) => onColumns({ [item.inputs]: item.inputs, label })}
          />
        )}
      </div>
      {source === 'hub' && <HubDataset data={data} inputs={inputs} />}
      {source === 'disk' && inputs === 'text' && <OwnData learns={task?.learns ?? 'class'} onData={(data) => onData({ data })} />}
      {source === 'disk' && inputs === 'image' && <OwnPictures onData={(data) => onData({ data })} />}
      {source === 'disk' && sourceOf(data.kind) !== 'disk' && (
        <p className="small muted">Nothing is chosen yet. {data.name} stays in use until you choose.</p>
      )}
      {source === 'disk' && inputs === 'text' && data.kind === 'file' && (
        <ReadingFields data={data} reading={preview.value?.reading} onData={(data) => onData({ data })} />
      )}
      {inputs === 'image' && data.kind !== 'bundled' && sourceOf(data.kind) === source && <PictureReading data={data} onData={onReading} />}
      {sourceOf(data.kind) === source && (
        <>
          {preview.error !== undefined && <ErrorNote error={preview.error} />}
          {shared.preview !== undefined &&
            task !== undefined &&
            (inputs === 'image' ? (
              <PicturePreview {...shared} preview={shared.preview} task={task} report={shown} />
            ) : (
              <PreviewTable {...shared} preview={shared.preview} task={task} />
            ))}
          {report.error !== undefined && <ErrorNote error={report.error} />}
          {report.error?.code === 'broken-pictures' && data.kind !== 'bundled' && (
            <button type="button" className="button" onClick={() => onReading({ ...data, broken_pictures: 'skip' })}>
              Skip broken pictures
            </button>
          )}
          {shown !== undefined && <DataWarnings warnings={shown.warnings} bundled={data.kind === 'bundled'} />}
          {shown !== undefined && <DataPicture report={shown} inputs={inputs} pending={report.pending} />}
          {report.pending && report.value === undefined && preview.error === undefined && (
            <div className="skeleton skeleton-tall" role="status" aria-label={inputs === 'image' ? 'Decoding' : 'Tokenising'} />
          )}
        </>
      )}
    </>
  );
}
