// The model: the bundled one, one from the hub, or a folder from the disk.

import { useState } from 'react';
import type { BundledItem } from '../../src/protocol/cards.ts';
import { type DataRef, type ModelRef, type Pooling, poolings } from '../../src/protocol/config.ts';
import type { ModelDescription } from '../../src/protocol/messages.ts';
import { modelOptions } from '../../src/protocol/options/model.ts';
import { bytes, integer } from '../format.ts';
import { HubBelow, HubModel } from '../hub/HubModel.tsx';
import type { Answer } from '../state/answer.ts';
import { useApp } from '../state/context.ts';
import { DropZone, Pick } from '../ui/DropZone.tsx';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { Facts } from '../ui/Facts.tsx';
import { modelOfDropped, modelOfPicked } from '../ui/files.ts';
import { Icon } from '../ui/icons.tsx';
import { Row } from '../ui/Row.tsx';
import { Segmented } from '../ui/Segmented.tsx';

/** Where a model or data set comes from, as far as it is not yet chosen. */
export type Source = 'bundled' | 'hub' | 'disk';

export const sourceOf = (kind: ModelRef['kind'] | DataRef['kind']): Source => (kind === 'bundled' || kind === 'hub' ? kind : 'disk');

/** What is open: what was picked here, else where the chosen model comes from; the hub while it is asked from elsewhere. */
export function useModelSource(): [Source, (source: Source) => void] {
  const [picked, setPicked] = useState<Source>();
  const chosen = useApp(({ settings, hub }) => (hub.plan.pending || hub.plan.error !== undefined ? 'hub' : sourceOf(settings.model.kind)));
  return [picked ?? chosen, setPicked];
}

interface ModelSectionProps {
  model: ModelRef;
  /** Chosen instead of the model's own. */
  pooling: Pooling | undefined;
  description: Answer<ModelDescription>;
  bundled: readonly BundledItem[];
  source: Source;
  onSource(source: Source): void;
  onModel(model: ModelRef): void;
  onPooling(pooling: Pooling | undefined): void;
}

export function ModelSection({ model, pooling, description, bundled, source, onSource, onModel, onPooling }: ModelSectionProps) {
  const items = [
    ...bundled.map(({ name, title }) => ({ value: name, label: title })),
    { value: '/hub', label: 'From the hub' },
    { value: '/disk', label: 'From your disk' },
  ];
  const take = (chosen: ModelRef | undefined) => chosen !== undefined && onModel(chosen);
  return (
    <>
      <Segmented
        label="Model"
        value={source === 'bundled' ? model.name : `/${source}`}
        items={items}
        onChange={(value) => {
          onSource(value === '/disk' ? 'disk' : value === '/hub' ? 'hub' : 'bundled');
          if (!value.startsWith('/')) onModel({ kind: 'bundled', name: value });
        }}
      />
      {source === 'hub' && <HubModel model={model} />}
      {source === 'disk' && (
        <DropZone
          hint="A Hugging Face folder of the BERT family: config.json, tokenizer.json and the weights (model.safetensors, its shards, or pytorch_model.bin). It is read in place, never copied or sent."
          onDrop={(transfer) => void modelOfDropped(transfer).then(take)}
        >
          <Pick
            folder
            label={
              <>
                <Icon name="folder" /> Choose a folder
              </>
            }
            onPick={(files) => take(modelOfPicked(files))}
          />
          <span className="muted">or drop one here</span>
        </DropZone>
      )}
      {source === 'disk' && model.kind !== 'files' && <p className="small muted">Nothing is chosen yet: until then it is {model.name}.</p>}
      {description.error !== undefined ? (
        <ErrorNote error={description.error} />
      ) : (
        (description.pending || description.value !== undefined) && <ModelFacts description={description.value} name={model.name} />
      )}
      {description.value !== undefined && <PoolingChoice own={description.value.pooling} chosen={pooling} onPooling={onPooling} />}
      {source === 'hub' && <HubBelow />}
    </>
  );
}

interface PoolingChoiceProps {
  own: Pooling | undefined;
  chosen: Pooling | undefined;
  onPooling(pooling: Pooling | undefined): void;
}

function PoolingChoice({ own, chosen, onPooling }: PoolingChoiceProps) {
  const { label, help, words } = modelOptions.pooling;
  return (
    <Row name="pooling" label={label} help={help}>
      <Segmented<Pooling | ''>
        label={label}
        value={chosen ?? own ?? ''}
        items={poolings.map((value) => ({ value, label: words?.[value] }))}
        onChange={(value) => onPooling(value === own || value === '' ? undefined : value)}
      />
    </Row>
  );
}

function ModelFacts({ description, name }: { description: ModelDescription | undefined; name: string }) {
  if (description === undefined) return <div className="skeleton" role="status" aria-label={`Reading ${name}`} />;
  const facts = [
    ['Model', description.name],
    ['Architecture', `${description.model_type}, ${description.num_hidden_layers} layers, ${description.hidden_size} wide`],
    ['Parameters', description.bytes > 0 ? integer(description.parameters) : '–'],
    ['On disk', description.bytes > 0 ? `${bytes(description.bytes)}, ${description.stored_type}` : 'no weights'],
  ] as const;
  const { missing, notes } = description;
  return (
    <>
      <Facts facts={facts} />
      {missing.length > 0 && (
        <div className="note note-warning" role="status">
          <p>
            The folder has no {missing.join(', no ')}: enough for a plan, but not for a run. Download {missing.length === 1 ? 'it' : 'them'}{' '}
            from the model's page on the hub (Files and versions) into the same folder.
          </p>
        </div>
      )}
      {notes.map((note) => (
        <p key={note} className="small muted">
          {note}
        </p>
      ))}
    </>
  );
}
