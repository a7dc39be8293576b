// The kinds of answers that can be learned: name, sentence, what measures it.

import { RadioGroup } from 'radix-ui';
import type { TaskCard } from '../../../src/protocol/cards.ts';

interface TaskTilesProps {
  tasks: readonly TaskCard[];
  task: string;
  onTask(task: string): void;
}

export function TaskTiles({ tasks, task, onTask }: TaskTilesProps) {
  return (
    <RadioGroup.Root className="task-tiles" aria-label="Task" value={task} onValueChange={onTask}>
      {tasks.map(({ name, title, summary, metrics }) => (
        <RadioGroup.Item className="tile" key={name} value={name} aria-label={title} aria-describedby={`about-task-${name}`}>
          <span className="tile-title">{title}</span>
          <span className="tile-summary" id={`about-task-${name}`}>
            {summary}
          </span>
          <span className="small muted">Measured by {metrics.map((metric) => metric.title).join(', ')}</span>
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
