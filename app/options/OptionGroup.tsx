// Fields of several options: rows of choices first, then lists of names, then numbers side by side.

import { kindOf } from '../../src/protocol/options/option.ts';
import { type OptionEntry, OptionField } from './OptionField.tsx';

interface OptionGroupProps {
  entries: readonly OptionEntry[];
  onChange(name: string, value: unknown): void;
}

export function OptionGroup({ entries, onChange }: OptionGroupProps) {
  const of = (...kinds: readonly string[]) => entries.filter(({ option }) => kinds.includes(kindOf(option).kind));
  const fields = (some: readonly OptionEntry[]) =>
    some.map((entry) => <OptionField key={entry.name} {...entry} onChange={(value) => onChange(entry.name, value)} />);
  const [rows, lists, numbers] = [of('words', 'switch'), of('list'), of('number')];
  return (
    <>
      {fields(rows)}
      {lists.length > 0 && <div className="fields fields-wide">{fields(lists)}</div>}
      {numbers.length > 0 && <div className="fields">{fields(numbers)}</div>}
    </>
  );
}
