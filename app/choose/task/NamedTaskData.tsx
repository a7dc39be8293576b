// Where the data of a named task come from: the hub, or a file that has its columns.

import { Fragment } from 'react';
import { columnNames } from '../../../src/protocol/config.ts';
import type { KnownDataset } from '../../../src/protocol/hub_data.ts';
import { dataName } from '../../state/hub/splits.ts';
import { Icon } from '../../ui/icons.tsx';

interface NamedTaskDataProps {
  dataset: KnownDataset;
  inUse: boolean;
  onHub(): void;
  onOwn(): void;
}

export function NamedTaskData({ dataset: { id, config, title, columns }, inUse, onHub, onOwn }: NamedTaskDataProps) {
  const names = columnNames(columns);
  return (
    <section className="task-data" aria-label={`Data of ${title}`}>
      <p className="small">
        {title} is learned from the columns{' '}
        {names.map((name, i) => (
          <Fragment key={name}>
            {i > 0 && (i === names.length - 1 ? ' and ' : ', ')}
            <code>{name}</code>
          </Fragment>
        ))}
        . A file of your own that has them is used without further choice.
      </p>
      <div className="row">
        <button type="button" className="button" onClick={onHub}>
          <Icon name={inUse ? 'check' : 'download'} /> {inUse ? 'In use:' : 'Use'} {dataName({ id, config })} from the hub
        </button>
        <button type="button" className="button" onClick={onOwn}>
          <Icon name="file" /> Use your own file
        </button>
      </div>
    </section>
  );
}
