// The hyper-parameters that the chosen method reads, each in the form that suits its kind.

import type { MethodOptions, StreamKind } from '../../src/protocol/config.ts';
import type { ErrorReport } from '../../src/protocol/errors.ts';
import type { MethodCard } from '../../src/protocol/messages.ts';
import { optionDefaults, type Settings } from '../state/settings.ts';
import { NumberField } from '../ui/NumberField.tsx';
import { Segmented } from '../ui/Segmented.tsx';
import { TextField } from '../ui/TextField.tsx';
import { methodLists, methodNumbers, methodPicks, methodSwitches } from './option_fields.ts';

interface OptionFieldsProps {
  settings: Settings;
  card: MethodCard;
  error: ErrorReport | undefined;
  onOption<K extends keyof MethodOptions>(key: K, value: MethodOptions[K]): void;
}

const onOff = [
  { value: 'off', label: 'off' },
  { value: 'on', label: 'on' },
] as const;

export function OptionFields({ settings, card, error, onOption }: OptionFieldsProps) {
  const reads = ({ key }: { key: keyof MethodOptions }) => card.uses.includes(key);
  const defaults = optionDefaults(card, settings.options);
  const chosen = <K extends keyof MethodOptions>(key: K): MethodOptions[K] => (settings.options[key] ?? defaults[key]) as MethodOptions[K];
  const labelOf = (key: keyof MethodOptions) => card.options.find((option) => option.key === key)?.label ?? key;
  // A run's configuration names its part, a plan the option alone.
  const wrong = (key: string) => (error?.where === `options.${key}` || error?.where === key ? error.message : undefined);
  const [lists, numbers, picks, switches] = [
    methodLists.filter(reads),
    methodNumbers.filter(reads),
    methodPicks.filter(reads),
    methodSwitches.filter(reads),
  ];
  if (card.uses.length === 0) return null;
  return (
    <>
      <h3>{card.title}</h3>
      {card.uses.includes('streams') && (
        <Row label="Streams">
          <Segmented<StreamKind>
            label="Streams"
            value={chosen('streams')}
            items={[
              { value: 'fixed', label: 'Fixed point: exact' },
              { value: 'float', label: 'Float: rounds' },
            ]}
            onChange={(streams) => onOption('streams', streams)}
          />
        </Row>
      )}
      {picks.map(({ key, help, items }) => (
        <Row key={key} label={labelOf(key)} help={help}>
          {/* The items of a key are values of that key; TypeScript can't follow a key through a union. */}
          <Segmented<string> label={labelOf(key)} value={chosen(key)} items={items} onChange={(value) => onOption(key, value as never)} />
        </Row>
      ))}
      {switches.map(({ key, help }) => (
        <Row key={key} label={labelOf(key)} help={help}>
          <Segmented
            label={labelOf(key)}
            value={chosen(key) ? 'on' : 'off'}
            items={onOff}
            onChange={(value) => onOption(key, value === 'on')}
          />
        </Row>
      ))}
      {lists.length > 0 && (
        <div className="fields fields-wide">
          {lists.map(({ key, help }) => (
            <TextField
              key={key}
              label={labelOf(key)}
              help={help}
              value={chosen(key).join(', ')}
              standard={defaults[key].join(', ')}
              error={wrong(key)}
              onChange={(text) => onOption(key, namesOf(text))}
            />
          ))}
        </div>
      )}
      <div className="fields">
        {numbers.map(({ key, ...bounds }) => (
          <NumberField
            key={key}
            {...bounds}
            label={labelOf(key)}
            value={chosen(key)}
            standard={defaults[key]}
            error={wrong(key)}
            onChange={(value) => onOption(key, value)}
          />
        ))}
      </div>
    </>
  );
}

const namesOf = (text: string): string[] => text.split(/[\s,]+/).filter((name) => name !== '');

function Row({ label, help, children }: { label: string; help?: string; children: React.ReactNode }) {
  return (
    <div className="row">
      <span className="label">{label}</span>
      {children}
      {help !== undefined && <span className="small muted">{help}</span>}
    </div>
  );
}
