// How large the pictures are that a model looks at.

import type { ErrorReport } from '../../../src/protocol/errors.ts';
import type { ModelDescription } from '../../../src/protocol/messages.ts';
import { modelOptions } from '../../../src/protocol/options/model.ts';
import { kindOf } from '../../../src/protocol/options/option.ts';
import { plural } from '../../../src/protocol/sentences.ts';
import { NumberField } from '../../ui/NumberField.tsx';

interface ImageSizeFieldProps {
  image: NonNullable<ModelDescription['image']>;
  chosen: number | undefined;
  error: ErrorReport | undefined;
  onSize(size: number | undefined): void;
}

const option = modelOptions.image_size;
const kind = kindOf(option);
const most = kind.kind === 'number' ? kind.max : undefined;

export function ImageSizeField({ image: { patch_size, own_size }, chosen, error, onSize }: ImageSizeFieldProps) {
  const size = chosen ?? own_size;
  const rest = size % patch_size;
  return (
    <>
      <div className="fields">
        <NumberField
          name="image_size"
          label={option.label}
          help={`${option.help} Multiples of ${patch_size}, the side of a patch, look at all of a picture.`}
          reason={option.reason}
          value={size}
          standard={own_size}
          whole
          min={patch_size}
          {...(most === undefined ? {} : { max: most })}
          error={error?.where?.endsWith('image_size') ? error.message : undefined}
          onChange={(next) => onSize(next === own_size ? undefined : next)}
        />
      </div>
      {rest > 0 && size >= patch_size && (
        <p className="small muted">
          {size} is no multiple of {patch_size}: the last {rest === 1 ? 'pixel' : plural(rest, 'pixel')} on the right and at the bottom{' '}
          {rest === 1 ? 'is' : 'are'} not looked at.
        </p>
      )}
    </>
  );
}
