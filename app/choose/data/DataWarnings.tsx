// What looks wrong with the data, before a run: what it is, in which rows, what to do. A list to read; nothing is blocked.

import type { DataWarning } from '../../../src/protocol/messages.ts';
import { plural } from '../../../src/protocol/sentences.ts';
import { Icon } from '../../ui/icons.tsx';

interface DataWarningsProps {
  warnings: readonly DataWarning[];
  /** The data came with Retrace: the remarks are shown as notes, not as warnings. */
  bundled: boolean;
}

export function DataWarnings({ warnings, bundled }: DataWarningsProps) {
  if (warnings.length === 0) return null;
  if (bundled) {
    return warnings.map(({ code, message, remedy }) => (
      <p key={code + message} className="small muted">
        {message} {remedy}
      </p>
    ));
  }
  return (
    <div className="note note-warning" role="status">
      <Icon name="alert" />
      <div>
        <p className="note-title">{plural(warnings.length, 'thing')} to look at before you start</p>
        <ul className="data-warnings">
          {warnings.map(({ code, message, remedy }) => (
            <li key={code + message}>
              <p>{message}</p>
              <p className="small muted">{remedy}</p>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
