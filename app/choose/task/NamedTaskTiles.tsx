// Tasks that have a name: what each asks, what it answers with, how many rows teach it.

import { RadioGroup } from 'radix-ui';
import type { TaskCard } from '../../../src/protocol/cards.ts';
import { integer } from '../../ui/format.ts';
import { Tile } from '../../ui/Tile.tsx';

interface NamedTaskTilesProps {
  tasks: readonly TaskCard[];
  task: string;
  onTask(task: string): void;
}

export function NamedTaskTiles({ tasks, task, onTask }: NamedTaskTilesProps) {
  return (
    <RadioGroup.Root className="task-tiles named-tasks" aria-label="GLUE" value={task} onValueChange={onTask}>
      {tasks.map(({ name, title, dataset }) => (
        <Tile key={name} {...{ name, title }} summary={dataset?.is}>
          <span className="small muted">
            {dataset?.columns.text_pair === undefined ? 'one text' : 'two texts'} → {dataset && answerOf(dataset.classes)}
          </span>
          <span className="small muted">{dataset && integer(dataset.rows.train)} rows</span>
        </Tile>
      ))}
    </RadioGroup.Root>
  );
}

const answerOf = (classes: readonly string[]): string => (classes.length === 0 ? 'a number' : classes.join(', ').replaceAll('_', ' '));
