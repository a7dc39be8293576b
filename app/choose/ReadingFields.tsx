// How the picked file is read: as it was found out, each part to be set where that is wrong. Formats that say all of it themselves have no choice.

import type { Reading } from '../../src/protocol/reading.ts';
import { Choice } from '../ui/Choice.tsx';
import { Segmented } from '../ui/Segmented.tsx';
import { type FileRef, readingItems, readingValue, withReading } from './reading.ts';

interface ReadingFieldsProps {
  data: FileRef;
  /** Of the preview, once there is one. */
  reading: Reading | undefined;
  onData(data: FileRef): void;
}

const titles = { separator: 'Separator', quote: 'Quotes', encoding: 'Encoding', max_rows: 'Rows' } as const;

export function ReadingFields({ data, reading, onData }: ReadingFieldsProps) {
  const settings = (['separator', 'quote', 'encoding', 'max_rows'] as const).filter(
    (setting) => setting === 'max_rows' || reading?.format === undefined || reading.format === 'delimited' || data[setting] !== undefined,
  );
  const delimited = reading === undefined || reading.format === 'delimited';
  return (
    <fieldset className="reading row" aria-label="How this file is read">
      {delimited && (
        <Segmented
          label="First row"
          value={(data.header ?? reading?.header ?? true) ? 'names' : 'data'}
          items={[
            { value: 'names', label: 'First row names the columns' },
            { value: 'data', label: 'is data' },
          ]}
          onChange={(value) => onData({ ...data, header: value === 'names' })}
        />
      )}
      {settings.map((setting) => (
        <span className="reading-field" key={setting}>
          <span className="small muted">{titles[setting]}</span>
          <Choice
            label={titles[setting]}
            value={readingValue(data, setting)}
            items={readingItems(setting, data, reading)}
            onChange={(choice) => onData(withReading(data, setting, choice))}
          />
        </span>
      ))}
    </fieldset>
  );
}
