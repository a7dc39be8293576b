// A word of explanation on hover and focus; a tap opens it too.

import { Popover } from 'radix-ui';
import type { ReactNode } from 'react';
import { Icon } from './icons.tsx';

export function Info({ about, children }: { about: string; children: ReactNode }) {
  return (
    <Popover.Root>
      <Popover.Trigger className="info" aria-label={`About ${about}`}>
        <Icon name="info" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover" side="top" sideOffset={6} collisionPadding={12} aria-label={about}>
          {children}
          <Popover.Arrow className="popover-arrow" />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
