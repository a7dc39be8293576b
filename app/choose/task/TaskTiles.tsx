// The kinds of answers that can be learned: name, sentence, what measures it.

import { RadioGroup } from 'radix-ui';
import type { TaskCard } from '../../../src/protocol/cards.ts';
import { Tile } from '../../ui/Tile.tsx';

/** Why the chosen model can't learn a task. */
export const refusalText = (refusal: string): string => `Not for this model: ${refusal}.`;

interface TaskTilesProps {
  tasks: readonly TaskCard[];
  task: string;
  onTask(task: string): void;
}

export function TaskTiles({ tasks, task, onTask }: TaskTilesProps) {
  return (
    <RadioGroup.Root className="task-tiles" aria-label="Task" value={task} onValueChange={onTask}>
      {tasks.map(({ name, title, summary, metrics, refusal }) => (
        <Tile
          key={name}
          {...{ name, title }}
          summary={refusal === undefined ? summary : refusalText(refusal)}
          disabled={refusal !== undefined}
        >
          {refusal === undefined && <span className="small muted">Measured by {metrics.map((metric) => metric.title).join(', ')}</span>}
        </Tile>
      ))}
    </RadioGroup.Root>
  );
}
