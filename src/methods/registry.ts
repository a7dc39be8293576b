// Methods by name. A new one is a file in this folder and a line here.

import type { BackboneDefaults } from '../models/model.ts';
import type { MethodChoices, MethodOptions, StreamKind } from '../protocol/config.ts';
import { RetraceError } from '../protocol/errors.ts';
import { bitfit } from './bitfit.ts';
import { full } from './full.ts';
import { houlsby } from './houlsby.ts';
import { ia3 } from './ia3.ts';
import { linearProbe } from './linear_probe.ts';
import { lora } from './lora.ts';
import { lst } from './lst.ts';
import { meft1 } from './meft1.ts';
import { meft2 } from './meft2.ts';
import { meft3 } from './meft3.ts';
import type { Method } from './method.ts';
import { commonOptions } from './options.ts';
import { parallelAdapter } from './parallel_adapter.ts';
import { prefixTuning } from './prefix_tuning.ts';
import { promptTuning } from './prompt_tuning.ts';
import { read } from './read.ts';
import { sparseMeft } from './sparse_meft.ts';

export const methods: readonly Method[] = [
  meft1,
  meft2,
  meft3,
  sparseMeft,
  read,
  lst,
  lora,
  ia3,
  houlsby,
  parallelAdapter,
  prefixTuning,
  promptTuning,
  bitfit,
  linearProbe,
  full,
];

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

/** All hyper-parameters of a method: common defaults, the method's own on this backbone, then those of `chosen` that it reads. */
export function resolveOptions(method: Method, chosen: MethodChoices, backbone: BackboneDefaults): MethodOptions {
  const streams: StreamKind = chosen.streams ?? commonOptions.streams;
  const reads: readonly string[] = method.uses;
  const given = Object.fromEntries(Object.entries(chosen).filter(([key, value]) => value !== undefined && reads.includes(key)));
  const options: MethodOptions = { ...commonOptions, ...method.options(streams, backbone), ...given, streams };
  return method.settled?.(options, backbone) ?? options;
}
