// The few numbers that matter, the others behind "Advanced", each with its default and a way back to it.

import { Collapsible } from 'radix-ui';
import {
  type MethodOptions,
  type PolicyName,
  type SchedulerName,
  schedulerNames,
  type TrainingArguments,
} from '../../src/protocol/config.ts';
import type { ErrorReport } from '../../src/protocol/errors.ts';
import type { MethodCard } from '../../src/protocol/messages.ts';
import { type OptimizerName, optimizerCards, optimizerNames, readsArgument } from '../../src/protocol/optimizers.ts';
import { plural } from '../format.ts';
import { type Settings, trainingDefaultsOf } from '../state/settings.ts';
import { Icon } from '../ui/icons.tsx';
import { NumberField } from '../ui/NumberField.tsx';
import { Segmented } from '../ui/Segmented.tsx';
import { advancedNumbers, mainNumbers } from './fields.ts';
import { MemoryFields } from './MemoryFields.tsx';
import { OptionFields } from './OptionFields.tsx';

interface NumbersSectionProps {
  settings: Settings;
  card: MethodCard | undefined;
  policy: PolicyName;
  /** Of the model, once it is known. */
  layers: number | undefined;
  changed: number;
  error: ErrorReport | undefined;
  onTraining<K extends keyof TrainingArguments>(key: K, value: TrainingArguments[K]): void;
  onOption<K extends keyof MethodOptions>(key: K, value: MethodOptions[K]): void;
  onCheckpointEvery(layers: number): void;
  onMemory(memory: Settings['memory']): void;
}

const scheduleTitles: Readonly<Record<SchedulerName, string>> = {
  linear: 'linear',
  cosine: 'cosine',
  constant_with_warmup: 'constant',
};

export function NumbersSection({
  settings,
  card,
  policy,
  layers,
  changed,
  error,
  onTraining,
  onOption,
  onCheckpointEvery,
  onMemory,
}: NumbersSectionProps) {
  const defaults = trainingDefaultsOf(card, settings.training);
  const optim = settings.training.optim ?? defaults.optim;
  const field = (spec: (typeof advancedNumbers)[number]) => {
    const { key, ...bounds } = spec;
    const standard = defaults[key];
    return (
      <NumberField
        key={key}
        {...bounds}
        value={settings.training[key] ?? standard}
        standard={standard}
        error={error?.where === `training.${key}` || error?.where === key ? error.message : undefined}
        onChange={(value) => onTraining(key, value)}
      />
    );
  };
  return (
    <>
      <div className="fields">{mainNumbers.map(field)}</div>
      <Collapsible.Root>
        <Collapsible.Trigger className="quiet advanced-trigger">
          <Icon name="down" /> Advanced
          {changed > 0 && <span className="badge">{plural(changed, 'change')} from defaults</span>}
        </Collapsible.Trigger>
        <Collapsible.Content className="advanced">
          <h3>Training</h3>
          <div className="row">
            <span className="label">Optimizer</span>
            <Segmented<OptimizerName>
              label="Optimizer"
              value={optim}
              items={optimizerNames.map((name) => ({ value: name, label: optimizerCards[name].title }))}
              onChange={(name) => onTraining('optim', name)}
            />
          </div>
          <div className="row">
            <span className="label">Schedule</span>
            <Segmented<SchedulerName>
              label="Schedule of the learning rate"
              value={settings.training.lr_scheduler_type ?? defaults.lr_scheduler_type}
              items={schedulerNames.map((name) => ({ value: name, label: scheduleTitles[name] }))}
              onChange={(name) => onTraining('lr_scheduler_type', name)}
            />
          </div>
          <div className="fields">
            {advancedNumbers.filter(({ key }) => readsArgument(optim, key)).map(field)}
            <NumberField
              label="Head's rate"
              help="Learning rate of the classifier alone. 0: that of the rest."
              value={settings.training.head_learning_rate ?? 0}
              standard={0}
              min={0}
              max={10}
              onChange={(value) => onTraining('head_learning_rate', value === 0 ? undefined : value)}
            />
          </div>
          {card !== undefined && <OptionFields settings={settings} card={card} error={error} onOption={onOption} />}
          {card !== undefined && layers !== undefined && (
            <MemoryFields
              card={card}
              policy={policy}
              streams={settings.options.streams ?? 'fixed'}
              layers={layers}
              frozen={card.uses.includes('frozen_layers') ? (settings.options.frozen_layers ?? 0) : 0}
              checkpointEvery={settings.checkpoint_every}
              memory={settings.memory}
              onCheckpointEvery={onCheckpointEvery}
              onMemory={onMemory}
            />
          )}
        </Collapsible.Content>
      </Collapsible.Root>
    </>
  );
}
