// The PEFT types that are read and written. A new one is a file in this folder and a line here.

import { ia3 } from './ia3.ts';
import { lora } from './lora.ts';
import type { PeftType } from './peft_type.ts';
import { prefixTuning } from './prefix_tuning.ts';
import { promptTuning } from './prompt_tuning.ts';

export const peftTypes: readonly PeftType[] = [lora, ia3, prefixTuning, promptTuning];
