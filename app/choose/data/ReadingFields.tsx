// How the picked file is read: what was detected, and a field to correct each part. JSON and Parquet define all of it and have no such fields.

import { readingOptions } from '../../../src/protocol/options/reading.ts';
import type { Reading } from '../../../src/protocol/reading.ts';
import { Choice } from '../../ui/Choice.tsx';
import { Info } from '../../ui/Info.tsx';
import { Segmented } from '../../ui/Segmented.tsx';
import { type FileRef, readingItems, readingValue, withReading } from './reading.ts';

interface ReadingFieldsProps {
  data: FileRef;
  /** What the preview detected, once there is one. */
  reading: Reading | undefined;
  onData(data: FileRef): void;
}

export function ReadingFields({ data, reading, onData }: ReadingFieldsProps) {
  const settings = (['separator', 'quote', 'encoding', 'max_rows'] as const).filter(
    (setting) => setting === 'max_rows' || reading?.format === undefined || reading.format === 'delimited' || data[setting] !== undefined,
  );
  const delimited = reading === undefined || reading.format === 'delimited';
  return (
    <fieldset className="reading row" aria-label="How this file is read">
      {delimited && (
        <span className="reading-field" data-option="header">
          <Segmented
            label={readingOptions.header.label}
            value={(data.header ?? reading?.header ?? true) ? 'names' : 'data'}
            items={[
              { value: 'names', label: 'First row names the columns' },
              { value: 'data', label: 'is data' },
            ]}
            onChange={(value) => onData({ ...data, header: value === 'names' })}
          />
        </span>
      )}
      {settings.map((setting) => (
        <span className="reading-field" key={setting} data-option={setting}>
          <span className="small muted">{readingOptions[setting].label}</span>
          <Choice
            label={readingOptions[setting].label}
            value={readingValue(data, setting)}
            items={readingItems(setting, data, reading)}
            onChange={(choice) => onData(withReading(data, setting, choice))}
          />
          <Info about={readingOptions[setting].label} reason={readingOptions[setting].reason}>
            {readingOptions[setting].help}
          </Info>
        </span>
      ))}
    </fieldset>
  );
}
