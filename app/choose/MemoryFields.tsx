// How activations come back, in detail: segments, snapshots, chunks, and policies by ranges of layers.

import type { MethodCard } from '../../src/protocol/cards.ts';
import { type PolicyName, policyNames, type StreamKind } from '../../src/protocol/config.ts';
import { memoryOptions } from '../../src/protocol/options/memory.ts';
import { memoryEntries } from '../options/entries.ts';
import { OptionGroup } from '../options/OptionGroup.tsx';
import type { Settings } from '../state/settings.ts';
import { Choice } from '../ui/Choice.tsx';
import { Icon } from '../ui/icons.tsx';
import { Row } from '../ui/Row.tsx';
import { Segmented } from '../ui/Segmented.tsx';
import { fits, halves, merge, type Range, split, withEnd, withEvery, withPolicy } from './ranges.ts';

interface MemoryFieldsProps {
  settings: Settings;
  card: MethodCard;
  policy: PolicyName;
  /** Of the model, and those at its bottom that are frozen. */
  layers: number;
  frozen: number;
  onMemory(change: Partial<Pick<Settings, 'memory' | 'checkpoint_every'>>): void;
}

export function MemoryFields({ settings, card, policy, layers, frozen, onMemory }: MemoryFieldsProps) {
  const { memory } = settings;
  const allowed = (name: PolicyName) => card.refusals[name] === null;
  const ranges = memory.ranges !== undefined && fits(memory.ranges, frozen, layers, allowed) ? memory.ranges : undefined;
  const policies = ranges === undefined ? [policy] : ranges.map((range) => range.policy);
  const { ranges: _, ...single } = memory;
  const set = (name: string, value: unknown) => {
    if (name === 'checkpoint_every') return onMemory({ checkpoint_every: Number(value) });
    const others = Object.fromEntries(Object.entries(memory).filter(([other]) => other !== name));
    onMemory({ memory: value === undefined ? others : { ...others, [name]: value } });
  };
  return (
    <>
      <h3>Memory</h3>
      <Row name="ranges" label={memoryOptions.ranges.label}>
        <Segmented
          label="Policies of the layers"
          value={ranges === undefined ? 'one' : 'ranges'}
          items={[
            { value: 'one', label: `All ${policy}` },
            { value: 'ranges', label: 'By ranges', disabled: layers - frozen < 2 },
          ]}
          onChange={(value) => onMemory({ memory: value === 'one' ? single : { ...memory, ranges: halves(frozen, layers, policy) } })}
        />
      </Row>
      {ranges !== undefined && (
        <Ranges
          ranges={ranges}
          streams={settings.options.streams ?? 'fixed'}
          frozen={frozen}
          layers={layers}
          allowed={policyNames.filter(allowed)}
          onRanges={(next) => onMemory({ memory: { ...memory, ranges: next } })}
        />
      )}
      <OptionGroup entries={memoryEntries(settings, policies, ranges !== undefined)} onChange={set} />
    </>
  );
}

interface RangesProps {
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

function Ranges({ ranges, streams, frozen, layers, allowed, onRanges }: RangesProps) {
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
