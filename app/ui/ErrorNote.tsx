// An error as people meet it: what, where, what to do. Never a stack trace.

import type { ErrorReport } from '../../src/protocol/errors.ts';
import { Icon } from './icons.tsx';

export function ErrorNote({ error }: { error: ErrorReport }) {
  return (
    <div className="note note-error" role="alert">
      <Icon name="alert" />
      <div>
        <p className="note-title">{error.message}</p>
        {error.where !== undefined && (
          <p className="note-where">
            Where: <code>{error.where}</code>
          </p>
        )}
        {error.remedy !== undefined && <p>{error.remedy}</p>}
      </div>
    </div>
  );
}
