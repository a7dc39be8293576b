// Architectures by `model_type`. A new one is a file beside bert.ts and a line here.

import { RetraceError } from '../protocol/errors.ts';
import { shownValue } from '../protocol/shown.ts';
import { bert, readBertConfig } from './bert.ts';
import type { Backbone } from './model.ts';

const architectures: Readonly<Record<string, (json: unknown, place: string, dropout?: number) => Backbone>> = {
  bert: (json, place, dropout) => bert(readBertConfig(json, place, dropout)),
};

/** The backbone that a config.json describes. `dropout` replaces the configuration's dropout probabilities. */
export function backboneOf(json: unknown, place: string, dropout?: number): Backbone {
  const type = (json as { model_type?: unknown } | null)?.model_type;
  const build = typeof type === 'string' && Object.hasOwn(architectures, type) ? architectures[type] : undefined;
  if (build) return build(json, place, dropout);
  throw new RetraceError({
    code: 'unsupported-model-type',
    message: `The model_type ${shownValue(type)} is not supported; supported: ${Object.keys(architectures).join(', ')}.`,
    where: `${place}: model_type`,
    remedy: 'Choose a model of a supported architecture, such as the bundled all-MiniLM-L6-v2.',
  });
}
