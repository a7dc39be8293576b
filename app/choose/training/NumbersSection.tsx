// The few numbers that matter, the others behind "Advanced", each with its default and a way back to it.

import { Collapsible } from 'radix-ui';
import type { MethodCard, TaskCard } from '../../../src/protocol/cards.ts';
import type { MethodOptions, PolicyName, TrainingArguments } from '../../../src/protocol/config.ts';
import type { ErrorReport } from '../../../src/protocol/errors.ts';
import { plural } from '../../../src/protocol/sentences.ts';
import { methodEntries, trainingEntries } from '../../options/entries.ts';
import { OptionGroup } from '../../options/OptionGroup.tsx';
import type { Settings } from '../../state/settings.ts';
import { Icon } from '../../ui/icons.tsx';
import { MemoryFields } from '../memory/MemoryFields.tsx';

export interface NumbersSectionProps {
  settings: Settings;
  card: MethodCard | undefined;
  task: TaskCard | undefined;
  policy: PolicyName;
  /** Of the model, once it is known. */
  layers: number | undefined;
  changed: number;
  error: ErrorReport | undefined;
  onTraining(change: Partial<TrainingArguments>): void;
  onOption(change: Partial<MethodOptions>): void;
  onMemory(change: Partial<Pick<Settings, 'memory' | 'checkpoint_every'>>): void;
}

export function NumbersSection(props: NumbersSectionProps) {
  const { settings, card, task, changed, error, onTraining } = props;
  const main = trainingEntries(settings, card, task, error).filter(({ option }) => option.main === true);
  return (
    <>
      <OptionGroup entries={main} onChange={(name, value) => onTraining({ [name]: value })} />
      <Collapsible.Root>
        <Collapsible.Trigger className="quiet advanced-trigger">
          <Icon name="down" /> Advanced
          {changed > 0 && <span className="badge">{plural(changed, 'change')} from defaults</span>}
        </Collapsible.Trigger>
        <Collapsible.Content className="advanced">
          <AdvancedFields {...props} />
        </Collapsible.Content>
      </Collapsible.Root>
    </>
  );
}

export function AdvancedFields({ settings, card, task, policy, layers, error, onTraining, onOption, onMemory }: NumbersSectionProps) {
  const training = trainingEntries(settings, card, task, error).filter(({ option }) => option.main !== true);
  return (
    <>
      <h3>Training</h3>
      <OptionGroup entries={training} onChange={(name, value) => onTraining({ [name]: value })} />
      {card !== undefined && card.uses.length > 0 && (
        <>
          <h3>{card.title}</h3>
          <OptionGroup entries={methodEntries(settings, card, error)} onChange={(name, value) => onOption({ [name]: value })} />
        </>
      )}
      {card !== undefined && layers !== undefined && (
        <MemoryFields
          settings={settings}
          card={card}
          policy={policy}
          layers={layers}
          frozen={card.uses.includes('frozen_layers') ? (settings.options.frozen_layers ?? 0) : 0}
          onMemory={onMemory}
        />
      )}
    </>
  );
}
