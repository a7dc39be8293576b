// Says aloud, to those who listen to the page, how the run goes, at most each ten seconds.

import { useEffect, useRef, useState } from 'react';
import type { RunState } from '../state/run.ts';
import { number } from '../ui/format.ts';

const EVERY_MS = 10_000;

export function Announcer({ run }: { run: RunState }) {
  const [said, setSaid] = useState('');
  const saidAt = useRef(Number.NEGATIVE_INFINITY);
  const last = run.steps.at(-1);
  const text = last === undefined ? run.phase : `${run.phase}, step ${last.step} of ${last.max_steps}, loss ${number(last.loss)}`;
  useEffect(() => {
    const timer = setTimeout(
      () => {
        saidAt.current = performance.now();
        setSaid(text);
      },
      Math.max(0, saidAt.current + EVERY_MS - performance.now()),
    );
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <p className="hidden" aria-live="polite">
      {said}
    </p>
  );
}
