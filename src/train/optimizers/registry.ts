// Optimizers by name. A new one is a file in this folder, a line here and a card in src/protocol/optimizers.ts.

import type { OptimizerName } from '../../protocol/optimizers.ts';
import { adafactor } from './adafactor.ts';
import { adamw } from './adamw.ts';
import { lion } from './lion.ts';
import type { Optimizer } from './optimizer.ts';
import { sgd } from './sgd.ts';

export const optimizers: Readonly<Record<OptimizerName, Optimizer>> = { adamw, sgd, adafactor, lion };
