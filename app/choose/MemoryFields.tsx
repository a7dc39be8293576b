// How activations come back, in detail: segments, snapshots, chunks, and policies by ranges of layers.

import { type PolicyName, policyNames, type StreamKind } from '../../src/protocol/config.ts';
import type { MethodCard } from '../../src/protocol/messages.ts';
import type { Settings } from '../state/settings.ts';
import { Choice } from '../ui/Choice.tsx';
import { Icon } from '../ui/icons.tsx';
import { NumberField } from '../ui/NumberField.tsx';
import { Segmented } from '../ui/Segmented.tsx';
import { fits, halves, merge, type Range, split, withEnd, withEvery, withPolicy } from './ranges.ts';

type Memory = Settings['memory'];

interface MemoryFieldsProps {
  card: MethodCard;
  policy: PolicyName;
  streams: StreamKind;
  /** Of the model, and those at its bottom that are frozen. */
  layers: number;
  frozen: number;
  checkpointEvery: number;
  memory: Memory;
  onCheckpointEvery(layers: number): void;
  onMemory(memory: Memory): void;
}

/** What a layer that runs again works on at a time: less takes less workspace and more time, with the same bits. */
const parts = [
  {
    key: 'chunks',
    label: 'Chunks',
    help: 'Parts of the batch that a layer runs again one after the other. 0: as many as keep 512 tokens in each, at most 64.',
  },
  { key: 'token_chunk', label: 'Tokens at a time', help: 'That a feed-forward pair runs again one after the other. 0: 128.' },
] as const;

/** A value of 0 is the absence of one. */
const without = <K extends keyof Memory>(memory: Memory, key: K, value: number): Memory => {
  const { [key]: _, ...rest } = memory;
  return value > 0 ? { ...rest, [key]: value } : rest;
};

export function MemoryFields({
  card,
  policy,
  streams,
  layers,
  frozen,
  checkpointEvery,
  memory,
  onCheckpointEvery,
  onMemory,
}: MemoryFieldsProps) {
  const allowed = (name: PolicyName) => card.refusals[name] === null;
  const ranges = memory.ranges !== undefined && fits(memory.ranges, frozen, layers, allowed) ? memory.ranges : undefined;
  const anyOf = (name: PolicyName) => (ranges === undefined ? policy === name : ranges.some((range) => range.policy === name));
  const { ranges: _, ...single } = memory;
  return (
    <>
      <h3>Memory</h3>
      <div className="row">
        <span className="label">Layers</span>
        <Segmented
          label="Policies of the layers"
          value={ranges === undefined ? 'one' : 'ranges'}
          items={[
            { value: 'one', label: `All ${policy}` },
            { value: 'ranges', label: 'By ranges', disabled: layers - frozen < 2 },
          ]}
          onChange={(value) => onMemory(value === 'one' ? single : { ...memory, ranges: halves(frozen, layers, policy) })}
        />
      </div>
      {ranges !== undefined && (
        <Ranges
          ranges={ranges}
          streams={streams}
          frozen={frozen}
          layers={layers}
          allowed={policyNames.filter(allowed)}
          onRanges={(next) => onMemory({ ...memory, ranges: next })}
        />
      )}
      <div className="fields">
        {ranges === undefined && policy === 'checkpoint' && (
          <NumberField
            label="Checkpoint every"
            help="Layers between two kept inputs."
            value={checkpointEvery}
            standard={1}
            min={1}
            max={layers}
            whole
            onChange={onCheckpointEvery}
          />
        )}
        {ranges === undefined && policy === 'reversible' && streams === 'float' && (
          <NumberField
            label="Snapshot every"
            help="Layers between kept streams: what float loses while it rebuilds ends there. 0: none is kept."
            value={memory.snapshot_every ?? 0}
            standard={0}
            min={0}
            max={layers}
            whole
            onChange={(value) => onMemory(without(memory, 'snapshot_every', value))}
          />
        )}
        {(anyOf('checkpoint') || anyOf('reversible')) &&
          parts.map(({ key, label, help }) => (
            <NumberField
              key={key}
              label={label}
              help={help}
              value={memory[key] ?? 0}
              standard={0}
              min={0}
              max={65536}
              whole
              onChange={(value) => onMemory(without(memory, key, value))}
            />
          ))}
      </div>
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
