// Methods by name. A new one is a file in this folder and a line here.

import type { MethodChoices, MethodOptions, StreamKind } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import { full } from './full.ts';
import { linearProbe } from './linear_probe.ts';
import { lora } from './lora.ts';
import { meft1 } from './meft1.ts';
import type { Method } from './method.ts';

export const methods: readonly Method[] = [meft1, lora, linearProbe, full];

export function methodNamed(name: string): Method {
  const found = methods.find((method) => method.name === name);
  if (found) return found;
  throw new RetraceError({
    code: 'unknown-method',
    message: `There is no method '${name}'.`,
    where: 'method',
    remedy: `Use one of ${methods.map((method) => method.name).join(', ')}.`,
  });
}

/** What every method starts from; a method's own defaults, then the user's choices, stand above it. */
export const commonOptions: MethodOptions = {
  streams: 'fixed',
  lambda: 1 / 8,
  beta: 1,
  adapter_size: 8,
  adapter_init_std: 0.02,
  fraction_bits: 20,
  lora_alpha: 8,
  lora_dropout: 0,
  target_modules: ['query', 'value'],
};

/** All hyper-parameters of a method: common defaults, the method's own, then `chosen`. */
export function resolveOptions(method: Method, chosen: MethodChoices): MethodOptions {
  const streams: StreamKind = chosen.streams ?? commonOptions.streams;
  const given = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
  return { ...commonOptions, ...method.options(streams), ...given, streams };
}
