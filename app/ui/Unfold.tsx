// Something that most people need not see, one click away.

import { Collapsible } from 'radix-ui';
import type { ReactNode } from 'react';
import { Icon } from './icons.tsx';

interface UnfoldProps {
  title: ReactNode;
  open?: boolean;
  onOpen?(): void;
  children: ReactNode;
}

export function Unfold({ title, open = false, onOpen, children }: UnfoldProps) {
  return (
    <Collapsible.Root className="unfold" defaultOpen={open} onOpenChange={(now) => now && onOpen?.()}>
      <Collapsible.Trigger className="quiet advanced-trigger">
        <Icon name="down" /> {title}
      </Collapsible.Trigger>
      <Collapsible.Content className="advanced">{children}</Collapsible.Content>
    </Collapsible.Root>
  );
}
