// Policies by ranges of layers: the strip that shows them, and a line for each.

import type { PolicyName, StreamKind } from '../../../src/protocol/config.ts';
import { Choice } from '../../ui/Choice.tsx';
import { Icon } from '../../ui/icons.tsx';
import { merge, type Range, split, withEnd, withEvery, withPolicy } from './ranges.ts';

interface RangesFieldProps {
  ranges: readonly Range[];
  streams: StreamKind;
  frozen: number;
  layers: number;
  allowed: readonly PolicyName[];
  onRanges(ranges: Range[]): void;
}

/** What `every` counts under a policy; fixed streams lose nothing that a snapshot could mend. */
const everyText = (policy: PolicyName, streams: StreamKind): string | undefined =>
  policy === 'checkpoint' ? 'layers a segment' : policy === 'reversible' && streams === 'float' ? 'snapshot every' : undefined;
const span = ({ from, to }: { from: number; to: number }) => (to - from === 1 ? `layer ${from}` : `layers ${from}–${to - 1}`);

export function RangesField({ ranges, streams, frozen, layers, allowed, onRanges }: RangesFieldProps) {
  return (
    <div className="ranges">
      <div className="strip" role="img" aria-label={ranges.map((range) => `${span(range)} ${range.policy}`).join(', ')}>
        {frozen > 0 && (
          <span data-policy="frozen" style={{ flexGrow: frozen }}>
            frozen
          </span>
        )}
        {ranges.map((range) => (
          <span key={range.from} data-policy={range.policy} style={{ flexGrow: range.to - range.from }}>
            {range.policy}
          </span>
        ))}
      </div>
      <ul>
        {ranges.map((range, i) => (
          <li key={range.from}>
            <span className="ranges-name">{span(range)}</span>
            <Choice<PolicyName>
              label={`Policy of ${span(range)}`}
              value={range.policy}
              items={allowed.map((name) => ({ value: name, label: name }))}
              onChange={(policy) => onRanges(withPolicy(ranges, i, policy))}
            />
            {i < ranges.length - 1 && (
              <Count
                label="up to layer"
                value={range.to - 1}
                min={range.from}
                max={layers - 2}
                onChange={(last) => onRanges(withEnd(ranges, i, last + 1))}
              />
            )}
            {everyText(range.policy, streams) !== undefined && (
              <Count
                label={everyText(range.policy, streams) ?? ''}
                value={range.every ?? (range.policy === 'checkpoint' ? 1 : 0)}
                min={range.policy === 'checkpoint' ? 1 : 0}
                max={range.to - range.from}
                onChange={(every) => onRanges(withEvery(ranges, i, every))}
              />
            )}
            <span className="ranges-buttons">
              <button type="button" className="quiet" disabled={range.to - range.from < 2} onClick={() => onRanges(split(ranges, i))}>
                Split
              </button>
              <button
                type="button"
                className="quiet"
                disabled={ranges.length < 2}
                onClick={() => onRanges(merge(ranges, i))}
                aria-label={`Remove the range ${span(range)}`}
              >
                <Icon name="close" />
              </button>
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface CountProps {
  label: string;
  value: number;
  min: number;
  max: number;
  onChange(value: number): void;
}

/** A small whole number in a line of text. */
function Count({ label, value, min, max, onChange }: CountProps) {
  return (
    <label className="count">
      <span className="small muted">{label}</span>
      <input
        className="input"
        type="number"
        value={value}
        min={min}
        max={max}
        onChange={({ target }) => Number.isInteger(target.valueAsNumber) && onChange(Math.max(min, Math.min(max, target.valueAsNumber)))}
      />
    </label>
  );
}
