// Tasks that have a name: what each asks, what it answers with, how many rows teach it.

import { RadioGroup } from 'radix-ui';
import type { KnownDataset } from '../../../src/protocol/hub_data.ts';
import { integer } from '../../ui/format.ts';

interface PresetTilesProps {
  presets: readonly KnownDataset[];
  chosen: KnownDataset | undefined;
  onPreset(preset: KnownDataset): void;
}

export function PresetTiles({ presets, chosen, onPreset }: PresetTilesProps) {
  return (
    <RadioGroup.Root
      className="task-tiles preset-tiles"
      aria-label="GLUE"
      value={chosen?.config ?? ''}
      onValueChange={(config) => {
        const preset = presets.find((one) => one.config === config);
        if (preset !== undefined) onPreset(preset);
      }}
    >
      {presets.map(({ config, title, is, classes, columns, rows, not_yet }) => (
        <RadioGroup.Item
          className="tile"
          key={config}
          value={config}
          disabled={not_yet !== undefined}
          aria-label={title}
          aria-describedby={`about-preset-${config}`}
        >
          <span className="tile-title">{title}</span>
          <span className="tile-summary" id={`about-preset-${config}`}>
            {is} {not_yet}
          </span>
          <span className="small muted">
            {columns.text_pair === undefined ? 'one text' : 'two texts'} →{' '}
            {classes.length === 0 ? 'a number' : classes.join(', ').replaceAll('_', ' ')}
          </span>
          <span className="small muted">{integer(rows.train)} rows</span>
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
