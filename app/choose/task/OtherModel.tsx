// Why the chosen model can't learn something, and models that can, a click away. The hub is asked for one by that click and not before.

import type { ReactNode } from 'react';
import { Icon } from '../../ui/icons.tsx';

interface OtherModelProps {
  reason: string;
  /** On the hub. */
  ids: readonly string[];
  onModel(id: string): void;
  /** Before them. */
  children?: ReactNode;
}

export function OtherModel({ reason, ids, onModel, children }: OtherModelProps) {
  return (
    <div className="row">
      <p className="small muted">{reason}</p>
      {children}
      {ids.map((id) => (
        <button key={id} type="button" className="button" onClick={() => onModel(id)}>
          <Icon name="download" /> Use {id} from the hub
        </button>
      ))}
    </div>
  );
}
