// What was chosen in an earlier visit and is not all here: the hub is asked for it only when its user says so.

import { useActions } from '../state/context.ts';
import { Icon } from '../ui/icons.tsx';

/** `kept`: how much of it is here, as the end of a sentence. */
export function ChosenBefore({ name, kept }: { name: string; kept?: string }) {
  const { askAgain } = useActions();
  return (
    <div className="note note-warning" role="status">
      <Icon name="info" />
      <div>
        <p>
          {name} was chosen before{kept === undefined ? '' : `, and ${kept}`}. The hub is not asked until you say so.
        </p>
        <div className="row">
          <button type="button" className="button" onClick={askAgain}>
            <Icon name="reset" /> Look up {name}
          </button>
        </div>
      </div>
    </div>
  );
}
