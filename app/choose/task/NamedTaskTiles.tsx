// Tasks that have a name: what each asks, what it answers with, how many rows teach it.

import { RadioGroup } from 'radix-ui';
import type { TaskCard } from '../../../src/protocol/cards.ts';
import type { KnownDataset } from '../../../src/protocol/hub_data.ts';
import { countText } from '../../../src/protocol/sentences.ts';
import { Tile } from '../../ui/Tile.tsx';

interface NamedTaskTilesProps {
  /** What they are together. */
  suite: string;
  tasks: readonly TaskCard[];
  task: string;
  onTask(task: string): void;
}

export function NamedTaskTiles({ suite, tasks, task, onTask }: NamedTaskTilesProps) {
  return (
    <RadioGroup.Root className="task-tiles named-tasks" aria-label={suite} value={task} onValueChange={onTask}>
      {tasks.map(({ name, title, dataset, refusal }) => (
        <Tile key={name} {...{ name, title }} summary={dataset?.is} disabled={refusal !== undefined}>
          {dataset !== undefined && (
            <>
              <span className="small muted">{asksText(dataset)}</span>
              <span className="small muted">{countText(dataset.rows.train)} rows</span>
            </>
          )}
        </Tile>
      ))}
    </RadioGroup.Root>
  );
}

/** `two texts → not duplicate, duplicate` */
function asksText({ columns: { text_pair, choices }, classes }: KnownDataset): string {
  if (choices !== undefined) return `${text_pair === undefined ? 'a question' : 'a passage and a question'} → one of its answers`;
  const texts = text_pair === undefined ? 'one text' : 'two texts';
  return `${texts} → ${classes.length === 0 ? 'a number' : classes.join(', ').replaceAll('_', ' ')}`;
}
