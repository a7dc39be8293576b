// The bundled model and its texts, for every measurement. Which model that is, and where it lies, only cli/models.ts says.

import { dataFile } from '../cli/data.ts';
import { firstModel, modelFolder } from '../cli/models.ts';
import type { BaseModel } from '../src/session/models/base_model.ts';
import { modelAt } from '../test/testing.ts';

export const bundledModel = (): Promise<BaseModel> => modelAt(modelFolder(firstModel));

/** The training texts of CLINC150, a TSV. */
export const bundledTexts = (): string => dataFile({ kind: 'bundled', name: 'clinc150', part: 'train' });
