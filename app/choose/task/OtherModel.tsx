// Why the chosen model can't learn something, and a model that can, a click away. The hub is asked for it by that click and not before.

import { Icon } from '../../ui/icons.tsx';

interface OtherModelProps {
  reason: string;
  /** On the hub. */
  id: string | undefined;
  onModel(id: string): void;
}

export function OtherModel({ reason, id, onModel }: OtherModelProps) {
  return (
    <div className="row">
      <p className="small muted">{reason}</p>
      {id !== undefined && (
        <button type="button" className="button" onClick={() => onModel(id)}>
          <Icon name="download" /> Use {id} from the hub
        </button>
      )}
    </div>
  );
}
