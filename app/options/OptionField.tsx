// The field of an option, in the form that suits its kind; label, help, bounds and words come from the protocol's table. Not here: which options a
// screen shows, and where their values go.

import { kindOf, type Option, type OptionKind } from '../../src/protocol/options/option.ts';
import { NumberField, tiny } from '../ui/NumberField.tsx';
import { Row } from '../ui/Row.tsx';
import { Segmented } from '../ui/Segmented.tsx';
import { TextField } from '../ui/TextField.tsx';

/** An option with the value that is chosen and its default, both undefined where it is left out. */
export interface OptionEntry {
  readonly name: string;
  readonly option: Option;
  readonly value: unknown;
  readonly standard: unknown;
  readonly error?: string | undefined;
}

interface OptionFieldProps extends OptionEntry {
  onChange(value: unknown): void;
}

const megabyte = 1e6;
/** Stands for a choice that is left out. */
const none = 'default';
const onOff = { on: 'on', off: 'off' };
const namesOf = (text: string): string[] => text.split(/[\s,]+/).filter((name) => name !== '');
const textOf = (list: unknown): string => (Array.isArray(list) ? list.join(', ') : '');

function boundsOf({ kind: _, above, ...bounds }: Extract<OptionKind, { kind: 'number' }>) {
  return { ...bounds, min: above === undefined ? (bounds.min ?? Number.NEGATIVE_INFINITY) : above + tiny };
}

export function OptionField({ name, option, value, standard, error, onChange }: OptionFieldProps) {
  const { label, help, reason, leftOut, words } = option;
  const kind = kindOf(option);
  const texts = { name, label, reason };
  if (kind.kind === 'number' && option.unit === 'bytes') {
    // The page shows sizes in MB; the record counts bytes.
    return (
      <NumberField
        {...texts}
        label={`${label} (MB)`}
        min={1}
        help={`${help} In MB, of 10^6 bytes. Empty: ${leftOut}.`}
        value={value === undefined ? undefined : Number(value) / megabyte}
        standard={undefined}
        leftOut={leftOut}
        error={error}
        onChange={(megabytes) => onChange(Math.floor(megabytes * megabyte))}
        onLeaveOut={() => onChange(undefined)}
      />
    );
  }
  if (kind.kind === 'number') {
    return (
      <NumberField
        {...texts}
        {...boundsOf(kind)}
        help={leftOut === undefined ? help : `${help} Empty: ${leftOut}.`}
        value={value as number | undefined}
        standard={standard as number | undefined}
        leftOut={leftOut}
        error={error}
        onChange={onChange}
        onLeaveOut={() => onChange(undefined)}
      />
    );
  }
  if (kind.kind === 'list') {
    return (
      <TextField
        {...texts}
        help={help}
        value={textOf(value)}
        standard={textOf(standard)}
        error={error}
        onChange={(text) => onChange(namesOf(text))}
      />
    );
  }
  const isSwitch = kind.kind === 'switch';
  const labels: Readonly<Record<string, string>> = isSwitch ? onOff : (words ?? {});
  const values = isSwitch ? Object.keys(onOff).toReversed() : kind.kind === 'words' ? kind.words : [];
  const items = leftOut === undefined || isSwitch ? values : [none, ...values];
  const chosen = isSwitch ? (value === true ? 'on' : 'off') : String(value ?? none);
  const given = (word: string) => (word === none && leftOut !== undefined ? undefined : word);
  return (
    <Row name={name} label={label} help={leftOut === undefined ? help : `${help} Default: ${leftOut}.`}>
      <Segmented
        label={label}
        value={chosen}
        items={items.map((word) => ({ value: word, label: labels[word] ?? word }))}
        onChange={(word) => onChange(isSwitch ? word === 'on' : given(word))}
      />
    </Row>
  );
}
