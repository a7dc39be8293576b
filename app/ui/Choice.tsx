// A drop-down of one of several values.

import { Select } from 'radix-ui';
import { Icon } from './icons.tsx';

export interface ChoiceItem<T extends string> {
  readonly value: T;
  readonly label: string;
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  items: readonly ChoiceItem<T>[];
  onChange(value: T): void;
  disabled?: boolean;
}

export function Choice<T extends string>({ label, value, items, onChange, disabled = false }: ChoiceProps<T>) {
  return (
    <Select.Root value={value} onValueChange={(next) => onChange(next as T)} disabled={disabled}>
      <Select.Trigger className="choice" aria-label={label}>
        <Select.Value />
        <Select.Icon>
          <Icon name="down" />
        </Select.Icon>
      </Select.Trigger>
      <Select.Portal>
        <Select.Content className="choice-list" position="popper" sideOffset={4}>
          <Select.Viewport>
            {items.map((item) => (
              <Select.Item className="choice-item" key={item.value} value={item.value}>
                <Select.ItemText>{item.label}</Select.ItemText>
                <Select.ItemIndicator>
                  <Icon name="check" />
                </Select.ItemIndicator>
              </Select.Item>
            ))}
          </Select.Viewport>
        </Select.Content>
      </Select.Portal>
    </Select.Root>
  );
}
