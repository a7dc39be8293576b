// How activations come back, in detail: segments, snapshots, chunks, and policies by ranges of layers.

import type { MethodCard } from '../../../src/protocol/cards.ts';
import { type PolicyName, policyNames } from '../../../src/protocol/config.ts';
import { memoryOptions } from '../../../src/protocol/options/memory.ts';
import { memoryEntries } from '../../options/entries.ts';
import { OptionGroup } from '../../options/OptionGroup.tsx';
import { budgetOn, type Settings } from '../../state/settings.ts';
import { Row } from '../../ui/Row.tsx';
import { Segmented } from '../../ui/Segmented.tsx';
import { RangesField } from './RangesField.tsx';
import { fits, halves } from './ranges.ts';

interface MemoryFieldsProps {
  settings: Settings;
  card: MethodCard;
  policy: PolicyName;
  /** `layers` of the model, of which the bottom `frozen` are frozen. */
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
  const budgetChooses = budgetOn(settings) === 'chooses';
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
            { value: 'one', label: budgetChooses ? 'As the budget chooses' : `All ${policy}` },
            { value: 'ranges', label: 'By ranges', disabled: layers - frozen < 2 },
          ]}
          onChange={(value) => onMemory({ memory: value === 'one' ? single : { ...memory, ranges: halves(frozen, layers, policy) } })}
        />
      </Row>
      {ranges !== undefined && (
        <RangesField
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
