// One of a few values, all in sight.

import { RadioGroup } from 'radix-ui';
import type { ReactNode } from 'react';

interface SegmentedProps<T extends string> {
  label: string;
  value: T;
  items: readonly { value: T; label: ReactNode; title?: string; disabled?: boolean }[];
  onChange(value: T): void;
}

export function Segmented<T extends string>({ label, value, items, onChange }: SegmentedProps<T>) {
  return (
    <RadioGroup.Root
      className="segmented"
      aria-label={label}
      value={value}
      onValueChange={(next) => onChange(next as T)}
      orientation="horizontal"
    >
      {items.map((item) => (
        <RadioGroup.Item className="segment" key={item.value} value={item.value} disabled={item.disabled === true} title={item.title}>
          {item.label}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
