// The model: the bundled one, one from the hub, or a folder from the disk.

import type { BundledItem } from '../../../src/protocol/cards.ts';
import type { ModelRef, Pooling } from '../../../src/protocol/config.ts';
import type { ModelDescription } from '../../../src/protocol/messages.ts';
import { HubBelow, HubModel } from '../../hub/HubModel.tsx';
import type { Answer } from '../../state/answer.ts';
import { DropZone, Pick } from '../../ui/DropZone.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { modelOfDropped, modelOfPicked } from '../../ui/files.ts';
import { Segmented } from '../../ui/Segmented.tsx';
import type { Source } from '../source.ts';
import { ImageSizeField } from './ImageSizeField.tsx';
import { ModelFacts } from './ModelFacts.tsx';
import { PoolingField } from './PoolingField.tsx';

interface ModelSectionProps {
  model: ModelRef;
  /** Chosen instead of the model's own; not read by tasks whose outputs are words. */
  pooling: Pooling | 'not read' | undefined;
  description: Answer<ModelDescription>;
  bundled: readonly BundledItem[];
  source: Source;
  onSource(source: Source): void;
  onModel(model: ModelRef): void;
  onPooling(pooling: Pooling | undefined): void;
  /** Chosen instead of the size of the model's own pictures. */
  imageSize: number | undefined;
  onImageSize(size: number | undefined): void;
}

export function ModelSection(props: ModelSectionProps) {
  const { model, pooling, description, bundled, source, onSource, onModel, onPooling, imageSize, onImageSize } = props;
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
          hint="The Hugging Face folder of a BERT, RoBERTa, DistilBERT, GPT-2, OPT, BART, ViT or DeiT: config.json, the weights (model.safetensors, its shards, or pytorch_model.bin) and tokenizer.json, or preprocessor_config.json where it looks at pictures. It is read in place, never copied or sent."
          onDrop={(transfer) => void modelOfDropped(transfer).then(take)}
        >
          <Pick folder icon="folder" label="Choose a folder" onPick={(files) => take(modelOfPicked(files))} />
          <span className="muted">or drop one here</span>
        </DropZone>
      )}
      {source === 'disk' && model.kind !== 'files' && (
        <p className="small muted">Nothing is chosen yet. {model.name} stays in use until you choose.</p>
      )}
      {description.error !== undefined ? (
        <ErrorNote error={description.error} />
      ) : (
        (description.pending || description.value !== undefined) && <ModelFacts description={description.value} name={model.name} />
      )}
      {description.value !== undefined && pooling !== 'not read' && (
        <PoolingField available={description.value.poolings} own={description.value.pooling} chosen={pooling} onPooling={onPooling} />
      )}
      {description.value?.image !== undefined && (
        <ImageSizeField image={description.value.image} chosen={imageSize} error={description.error} onSize={onImageSize} />
      )}
      {source === 'hub' && <HubBelow />}
    </>
  );
}
