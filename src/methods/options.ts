// What a method calls its hyper-parameters and why their defaults are what they are: its own words stand above those of the table
// (src/protocol/options/methods.ts), and its own defaults above the table's.

import type { MethodOptions } from '../protocol/config.ts';
import { methodOptions } from '../protocol/options/methods.ts';
import { defaultsOf } from '../protocol/options/option.ts';
import type { Method } from './method.ts';

export interface OptionFacts {
  readonly label: string;
  /** Why the default is what it is. */
  readonly reason: string;
}

export const commonOptions: MethodOptions = defaultsOf(methodOptions);

export const factsOf = (method: Method, key: keyof MethodOptions): OptionFacts => ({
  label: method.labels?.[key] ?? methodOptions[key].label,
  reason: method.why?.[key] ?? methodOptions[key].reason,
});
