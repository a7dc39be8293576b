// Stopping, with its outcomes named.

import { Dialog } from 'radix-ui';
import { useState } from 'react';
import type { TaskCard } from '../../src/protocol/cards.ts';
import type { EvaluateEvent } from '../state/run.ts';
import { Icon } from '../ui/icons.tsx';
import { shownMetrics } from '../ui/metrics.ts';

interface StopDialogProps {
  step: number;
  best: EvaluateEvent | undefined;
  tasks: readonly TaskCard[];
  onStop(keep: 'best' | 'last' | 'nothing'): void;
}

export function StopDialog({ step, best, tasks, onStop }: StopDialogProps) {
  const [open, setOpen] = useState(false);
  const score = shownMetrics(best?.metrics ?? {}, tasks)[0];
  const outcomes = [
    {
      keep: 'best',
      title: 'Keep the best',
      text:
        best === undefined
          ? 'There has been no evaluation yet.'
          : `Step ${best.step}${score === undefined ? '' : `: ${score.title} ${score.text}`}`,
      disabled: best === undefined,
    },
    { keep: 'last', title: 'Keep the last', text: `Step ${step}, as it is now.`, disabled: step === 0 },
    { keep: 'nothing', title: 'Discard the run', text: 'Nothing is kept, not even its checkpoint.', disabled: false },
  ] as const;
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger className="button">
        <Icon name="stop" /> Stop
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog" aria-describedby={undefined}>
          <Dialog.Title>Stop the run at step {step}?</Dialog.Title>
          <div className="outcomes">
            {outcomes.map(({ keep, title, text, disabled }) => (
              <button
                key={keep}
                type="button"
                className={keep === 'nothing' ? 'outcome outcome-danger' : 'outcome'}
                disabled={disabled}
                onClick={() => {
                  setOpen(false);
                  onStop(keep);
                }}
              >
                <strong>{title}</strong>
                <span>{text}</span>
              </button>
            ))}
          </div>
          <Dialog.Close className="quiet">Go on training</Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
