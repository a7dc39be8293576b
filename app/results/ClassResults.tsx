// How classes were told apart: the confusion table, and the examples behind its mistakes.

import { useRef, useState } from 'react';
import type { Inputs } from '../../src/protocol/cards.ts';
import type { Calls, Confusion, Mistake } from '../../src/protocol/messages.ts';
import { ConfusionView } from './ConfusionView.tsx';
import { MistakesView } from './MistakesView.tsx';
import { type Cell, mistakesAt } from './mistakes.ts';

interface ClassResultsProps {
  confusion: Confusion;
  /** None in runs of earlier versions. */
  mistakes: readonly Mistake[];
  theme: string;
  /** What the examples are, one of them. */
  example: string;
  inputs: Inputs;
  /** Whether the worker holds the model that was evaluated. */
  held: boolean;
  examplesOf(at: readonly number[]): Promise<Calls['evaluationTexts']['answer']>;
}

export function ClassResults({ confusion, mistakes, theme, example, inputs, held, examplesOf }: ClassResultsProps) {
  const [cell, setCell] = useState<Cell>();
  const list = useRef<HTMLDivElement>(null);
  return (
    <>
      <ConfusionView
        {...{ confusion, theme, example, cell }}
        opens={(at) => mistakesAt(mistakes, at).length > 0}
        onCell={(at) => {
          setCell(at);
          list.current?.scrollIntoView({ block: 'nearest' });
        }}
      />
      {mistakes.length > 0 && <MistakesView ref={list} {...{ mistakes, confusion, inputs, cell, held, examplesOf }} onCell={setCell} />}
    </>
  );
}
