// A data set from the hub: named; its configuration and splits. Its first rows and columns stand below, as for any data.

import { useState } from 'react';
import type { Inputs } from '../../src/protocol/cards.ts';
import type { DataRef } from '../../src/protocol/config.ts';
import type { HubDataset as Described } from '../../src/protocol/hub.ts';
import { listText, plural } from '../../src/protocol/sentences.ts';
import { useActions, useApp } from '../state/context.ts';
import { hubEndpoint } from '../state/hub/endpoint.ts';
import { isSilent } from '../state/hub/hub_state.ts';
import { refsOf, type SplitChoice, usualChoice } from '../state/hub/splits.ts';
import { Choice } from '../ui/Choice.tsx';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { bytes } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { Unfold } from '../ui/Unfold.tsx';
import { ChosenBefore } from './ChosenBefore.tsx';
import { NameField } from './NameField.tsx';

export function HubDataset({ data, inputs }: { data: DataRef; inputs: Inputs }) {
  const { dataset, place } = useApp((state) => state.hub);
  const silent = useApp((state) => isSilent(data, state.hub));
  const { describeDataset, chooseSplit } = useActions();
  const id = data.kind === 'hub' ? data.id : '';
  const choosing = data.kind !== 'hub' && dataset.value === undefined;
  return (
    <div className="hub">
      <NameField
        key={id}
        label="Data set on the hub"
        placeholder="org/name, or the address of its page"
        value={id}
        endpoint={place.value?.endpoint ?? hubEndpoint()}
        pending={dataset.pending}
        onLookUp={describeDataset}
      />
      {dataset.error !== undefined && <ErrorNote error={dataset.error} />}
      {choosing && (
        <p className="small muted">
          {inputs === 'image'
            ? 'One with a column of pictures, or with a folder for each class, such as AI-Lab-Makerere/beans, zalando-datasets/fashion_mnist or uoft-cs/cifar10.'
            : "GLUE's eight tasks and five sets of questions are listed under What is to be learned."}
        </p>
      )}
      {dataset.value !== undefined && (
        <SplitFields key={`${dataset.value.id} ${dataset.value.commit}`} dataset={dataset.value} onChoose={chooseSplit} />
      )}
      {data.kind === 'hub' && silent && <ChosenBefore name={data.name} />}
      {data.kind !== 'hub' && !dataset.pending && (
        <p className="small muted">Nothing is chosen yet. {data.name} stays in use until you choose.</p>
      )}
    </div>
  );
}

const heldBack = '/held-back';

function SplitFields({ dataset, onChoose }: { dataset: Described; onChoose(choice: SplitChoice): void }) {
  const revision = useApp((state) => state.hub.datasetRevision);
  const [choice, setChoice] = useState(() => usualChoice(dataset, dataset.configs[0]?.name ?? '', revision));
  const chosen = useApp(({ settings }) => choice !== undefined && JSON.stringify(settings.data) === JSON.stringify(refsOf(choice).data));
  if (choice === undefined) return <p className="small wrong">{dataset.id} has no split that could be read.</p>;
  const config = dataset.configs.find(({ name }) => name === choice.config);
  const splits = config?.splits ?? [];
  const used = splits.filter(({ name }) => name === choice.split || name === choice.evaluation);
  const size = used.reduce((sum, split) => sum + (split.bytes ?? 0), 0);
  const rows = used.reduce((sum, split) => sum + (split.rows ?? 0), 0);
  const labels = config?.columns.filter(({ names }) => names !== undefined) ?? [];
  const items = splits.map(({ name, rows: count }) => ({
    value: name,
    label: count === undefined ? name : `${name}, ${plural(count, 'row')}`,
  }));
  return (
    <div className="hub-fetch">
      <div className="row">
        <span className="reading-field">
          <span className="label">Configuration</span>
          <Choice
            label="Configuration"
            value={choice.config}
            items={dataset.configs.map(({ name }) => ({ value: name, label: name }))}
            onChange={(name) => setChoice(usualChoice(dataset, name, revision) ?? choice)}
          />
        </span>
        <span className="reading-field">
          <span className="label">Train on</span>
          <Choice label="Train on" value={choice.split} items={items} onChange={(split) => setChoice({ ...choice, split })} />
        </span>
        <span className="reading-field">
          <span className="label">Evaluate with</span>
          <Choice
            label="Evaluate with"
            value={choice.evaluation ?? heldBack}
            items={[...items.filter(({ value }) => value !== choice.split), { value: heldBack, label: 'a tenth, held back' }]}
            onChange={(name) => setChoice({ ...choice, evaluation: name === heldBack ? undefined : name })}
          />
        </span>
      </div>
      <p className="small muted">
        {[
          rows > 0 ? plural(rows, 'row') : undefined,
          size > 0 ? `${bytes(size)}, of which the columns that are used are fetched` : undefined,
          `licence ${dataset.licence ?? 'not said'}`,
        ]
          .filter((part) => part !== undefined)
          .join('; ')}
      </p>
      {labels.map(({ name, names }) => (
        <p key={name} className="small muted">
          {name}: {listText(names ?? [], 12)}
        </p>
      ))}
      <div className="row">
        <button type="button" className={chosen ? 'button' : 'button button-primary'} onClick={() => onChoose(choice)}>
          <Icon name={chosen ? 'check' : 'download'} /> {chosen ? 'In use' : 'Use it'}
        </button>
        <span className="small muted">Shows its first rows, then reads what is used of it.</span>
      </div>
      {dataset.citation !== undefined && (
        <Unfold title="Citation">
          <pre className="hub-citation small">{dataset.citation}</pre>
        </Unfold>
      )}
    </div>
  );
}
