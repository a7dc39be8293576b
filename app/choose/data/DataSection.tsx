// The data: bundled, from the hub, or a table from the disk or the clipboard; its columns; what it is like.

import type { Catalogue, TaskCard } from '../../../src/protocol/cards.ts';
import type { Columns, DataRef } from '../../../src/protocol/config.ts';
import type { DataPreview, DataReport } from '../../../src/protocol/messages.ts';
import { HubDataset } from '../../hub/HubDataset.tsx';
import type { Answer } from '../../state/answer.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Segmented } from '../../ui/Segmented.tsx';
import { type Source, sourceOf } from '../source.ts';
import { bundledColumns, labelsRead } from './bundled.ts';
import { DataPicture } from './DataPicture.tsx';
import { DataWarnings } from './DataWarnings.tsx';
import { OwnData } from './OwnData.tsx';
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
  onData(data: DataRef, columns?: Columns): void;
  onColumns(columns: Columns): void;
}

export function DataSection({ data, columns, task, bundled, preview, report, source, onSource, onData, onColumns }: DataSectionProps) {
  const item = bundled.find(({ name }) => name === data.name);
  // Of data that can't be read what was said of others would be shown.
  const shown = preview.error === undefined ? report.value : undefined;
  const labelled = task !== undefined && labelsRead(task);
  const chooseBundled = (name: string) => {
    const chosen = { kind: 'bundled', name, part: 'train' } as const;
    onData(chosen, labelled ? bundledColumns(bundled, chosen) : undefined);
  };
  return (
    <>
      <div className="row">
        <Segmented
          label="Data"
          value={source === 'bundled' ? data.name : `/${source}`}
          items={[
            ...bundled.map(({ name, title }) => ({ value: name, label: title })),
            { value: '/hub', label: 'From the hub' },
            { value: '/disk', label: 'Your own' },
          ]}
          onChange={(value) => {
            onSource(value === '/disk' ? 'disk' : value === '/hub' ? 'hub' : 'bundled');
            if (!value.startsWith('/') && (data.kind !== 'bundled' || data.name !== value)) chooseBundled(value);
          }}
        />
        {source === 'bundled' && item !== undefined && labelled && (
          <Segmented
            label="Label column"
            value={columns?.label ?? ''}
            items={item.label_columns.map((name) => ({ value: name, label: `by ${name}` }))}
            onChange={(label) => onColumns({ text: 'text', label })}
          />
        )}
      </div>
      {source === 'hub' && <HubDataset data={data} />}
      {source === 'disk' && <OwnData learns={task?.learns ?? 'class'} onData={onData} />}
      {source === 'disk' && data.kind !== 'file' && (
        <p className="small muted">Nothing is chosen yet. {data.name} stays in use until you choose.</p>
      )}
      {source === 'disk' && data.kind === 'file' && <ReadingFields data={data} reading={preview.value?.reading} onData={onData} />}
      {sourceOf(data.kind) === source && (
        <>
          {preview.error !== undefined && <ErrorNote error={preview.error} />}
          {preview.value !== undefined && task !== undefined && (
            <PreviewTable preview={preview.value} columns={columns} task={task} explained={source !== 'bundled'} onColumns={onColumns} />
          )}
          {report.error !== undefined && <ErrorNote error={report.error} />}
          {shown !== undefined && <DataWarnings warnings={shown.warnings} bundled={data.kind === 'bundled'} />}
          {shown !== undefined && <DataPicture report={shown} pending={report.pending} />}
          {report.pending && report.value === undefined && preview.error === undefined && (
            <div className="skeleton skeleton-tall" role="status" aria-label="Tokenising" />
          )}
        </>
      )}
    </>
  );
}
