// How pictures of one's own or of the hub are read: what is done about broken ones, and how many are taken.

import type { DataRef } from '../../../src/protocol/config.ts';
import { readingOptions } from '../../../src/protocol/options/reading.ts';
import { Choice } from '../../ui/Choice.tsx';
import { Info } from '../../ui/Info.tsx';
import { Segmented } from '../../ui/Segmented.tsx';
import { rowItems, rowsValue, withRows } from './reading.ts';

export type PictureRef = Exclude<DataRef, { kind: 'bundled' }>;

const { broken_pictures, max_rows } = readingOptions;

export function PictureReading({ data, onData }: { data: PictureRef; onData(data: PictureRef): void }) {
  return (
    <fieldset className="reading row" aria-label="How these pictures are read">
      <span className="reading-field" data-option="broken_pictures">
        <span className="small muted">{broken_pictures.label}</span>
        <Segmented
          label={broken_pictures.label}
          value={data.broken_pictures ?? broken_pictures.default}
          items={(['refuse', 'skip'] as const).map((value) => ({ value, label: broken_pictures.words?.[value] ?? value }))}
          onChange={(value) => onData({ ...data, broken_pictures: value === broken_pictures.default ? undefined : value })}
        />
        <Info about={broken_pictures.label} reason={broken_pictures.reason}>
          {broken_pictures.help}
        </Info>
      </span>
      <span className="reading-field" data-option="max_rows">
        <span className="small muted">{max_rows.label}</span>
        <Choice label={max_rows.label} value={rowsValue(data)} items={rowItems} onChange={(choice) => onData(withRows(data, choice))} />
        <Info about={max_rows.label} reason={max_rows.reason}>
          {max_rows.help}
        </Info>
      </span>
    </fieldset>
  );
}
