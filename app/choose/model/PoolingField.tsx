// How the model's tokens become one vector.

import type { Pooling } from '../../../src/protocol/config.ts';
import { modelOptions } from '../../../src/protocol/options/model.ts';
import { Row } from '../../ui/Row.tsx';
import { Segmented } from '../../ui/Segmented.tsx';

interface PoolingFieldProps {
  /** Those that the model has. */
  available: readonly Pooling[];
  own: Pooling | undefined;
  chosen: Pooling | undefined;
  onPooling(pooling: Pooling | undefined): void;
}

export function PoolingField({ available, own, chosen, onPooling }: PoolingFieldProps) {
  const { label, help, words } = modelOptions.pooling;
  return (
    <Row name="pooling" label={label} help={help}>
      <Segmented<Pooling | ''>
        label={label}
        value={chosen ?? own ?? ''}
        items={available.map((value) => ({ value, label: words?.[value] }))}
        onChange={(value) => onPooling(value === own || value === '' ? undefined : value)}
      />
    </Row>
  );
}
