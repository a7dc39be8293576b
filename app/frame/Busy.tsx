// Shows what the worker has been doing once it takes long, with a button to cancel it, and afterwards what was lost. Nothing is shown while answers
// come quickly.

import { Progress } from 'radix-ui';
import { useEffect, useState } from 'react';
import type { DataProgress } from '../../src/protocol/messages.ts';
import { countText } from '../../src/protocol/sentences.ts';
import { busyWith, lostWith, progressWith } from '../state/cancelling.ts';
import { useActions, useApp } from '../state/context.ts';
import { bytes } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';

/** Work that ends sooner is not shown. */
const PATIENCE_MS = 2000;
/** How long the note about what was lost stays. */
const READING_MS = 12_000;

export function Busy() {
  const busy = useApp(busyWith);
  const lost = useApp(lostWith);
  const progress = useApp(progressWith);
  const cancelled = useApp((state) => state.cancelled);
  const { cancel } = useActions();
  // A run that reports its progress starts the wait again, so it is not shown here.
  const sign = useApp((state) => state.run?.progress);
  const long = useLong(busy !== undefined, PATIENCE_MS, sign);
  const read = useLong(cancelled !== undefined, READING_MS, cancelled);
  if (busy !== undefined && long) {
    return (
      <p className="note busy" role="status">
        <Icon name="info" />
        <span>
          Still {progress === undefined ? `${busy} …` : `${progressText(progress)}.`} {lost !== undefined && `If you cancel: ${lost}`}
        </span>
        <button type="button" className="button" onClick={cancel}>
          {lost !== undefined ? 'Cancel anyway' : 'Cancel'}
        </button>
        {progress !== undefined && <Bar {...progress} />}
      </p>
    );
  }
  if (cancelled === undefined || read) return null;
  return (
    <p className="note busy" role="status">
      <Icon name="info" /> Cancelled; the choices from before stand. {cancelled}
    </p>
  );
}

const progressText = ({ work, name, done, of }: DataProgress): string =>
  `${work} ${name}: ${work === 'reading' ? `${bytes(done)} of ${bytes(of)}` : `${countText(done)} of ${countText(of)} ${work === 'decoding' ? 'pictures' : 'texts'}`}`;

function Bar({ done, of }: DataProgress) {
  const share = done / Math.max(1, of);
  return (
    <Progress.Root className="progress" value={Math.round(share * 100)} aria-label="Progress">
      <Progress.Indicator className="progress-bar" style={{ transform: `scaleX(${share})` }} />
    </Progress.Root>
  );
}

/** Whether `on` has been true for `ms`, without a pause and without a change of `sign`. */
function useLong(on: boolean, ms: number, sign: unknown): boolean {
  const [long, setLong] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a sign of life begins the wait anew.
  useEffect(() => {
    setLong(false);
    if (!on) return;
    const timer = setTimeout(() => setLong(true), ms);
    return () => clearTimeout(timer);
  }, [on, ms, sign]);
  return on && long;
}
