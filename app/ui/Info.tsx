// A word of explanation on hover and focus; a tap opens it too.

import { Popover } from 'radix-ui';
import type { ReactNode } from 'react';
import { Icon } from './icons.tsx';

interface InfoProps {
  about: string;
  /** Why its default is what it is. */
  reason?: string | undefined;
  children: ReactNode;
}

export function Info({ about, reason, children }: InfoProps) {
  return (
    <Popover.Root>
      <Popover.Trigger className="info" aria-label={`About ${about}`}>
        <Icon name="info" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover" side="top" sideOffset={6} collisionPadding={12} aria-label={about}>
          {children}
          {reason !== undefined && <p className="small muted">The default: {reason}</p>}
          <Popover.Arrow className="popover-arrow" />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
