// A model from the hub: named, picked from a list or searched for; what it takes; fetched. What it is stands below, as for any model.

import type { ModelRef } from '../../src/protocol/config.ts';
import { useActions, useApp } from '../state/context.ts';
import { hubEndpoint } from '../state/hub/endpoint.ts';
import { type HubRef, isSilent, keptOf } from '../state/hub/hub_state.ts';
import { shownName } from '../state/hub/typed.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { bytes } from '../ui/format.ts';
import { Unfold } from '../ui/Unfold.tsx';
import { ChosenBefore } from './ChosenBefore.tsx';
import { FetchPanel } from './FetchPanel.tsx';
import { HubSettingsFields } from './HubSettingsFields.tsx';
import { KeptPanel } from './KeptPanel.tsx';
import { FoundModels, KnownModels } from './ModelRows.tsx';
import { NameField } from './NameField.tsx';

export function HubModel({ model }: { model: ModelRef }) {
  const { plan, found, known, place } = useApp((state) => state.hub);
  const silent = useApp((state) => isSilent(model, state.hub));
  const { lookUp, search } = useActions();
  // Folded away once something is chosen or found.
  const choosing = model.kind !== 'hub' && found.value === undefined;
  const endpoint = place.value?.endpoint ?? hubEndpoint();
  return (
    <div className="hub">
      <NameField
        // A model chosen elsewhere replaces what was typed.
        key={model.kind === 'hub' ? shownName(model) : ''}
        label="Model on the hub"
        placeholder="org/name, or the address of its page"
        value={model.kind === 'hub' ? shownName(model) : ''}
        endpoint={endpoint}
        pending={plan.pending}
        onLookUp={lookUp}
        more={(text) => (
          <button type="button" className="button" disabled={found.pending || text.trim() === ''} onClick={() => search(text)}>
            {found.pending ? 'Searching …' : 'Search'}
          </button>
        )}
      />
      {found.error !== undefined && <ErrorNote error={found.error} />}
      {found.value !== undefined && <FoundModels models={found.value} onChoose={lookUp} />}
      {known.length > 0 && (
        <Unfold key={choosing ? 'open' : 'closed'} title="Models to begin with" open={choosing}>
          <KnownModels models={known} onChoose={lookUp} />
        </Unfold>
      )}
      {plan.error !== undefined && <ErrorNote error={plan.error} />}
      {model.kind === 'hub' && silent && !plan.pending && <NotAsked model={model} />}
      {model.kind === 'hub' && plan.value !== undefined && <FetchPanel plan={plan.value} />}
      {model.kind !== 'hub' && !plan.pending && (
        <p className="small muted">Nothing is chosen yet. {model.name} stays in use until you choose.</p>
      )}
    </div>
  );
}

/** What stands below the model: what is kept, and where to ask. */
export const HubBelow = () => (
  <div className="hub">
    <KeptPanel />
    <HubSettingsFields />
  </div>
);

/** Chosen in an earlier visit and not kept whole: the hub is not asked before its user wants it. */
function NotAsked({ model }: { model: HubRef & ModelRef }) {
  const kept = useApp((state) => keptOf(model, state.hub.kept.value));
  return (
    <ChosenBefore name={model.name} kept={kept === undefined ? 'none of it is kept here' : `${bytes(kept.bytes)} of it are kept here`} />
  );
}
