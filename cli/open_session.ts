// A session for one command: Node's host, phases drawn as progress, the rest of the events for the command.

import { basename } from 'node:path';
import type { Inputs } from '../src/protocol/cards.ts';
import type { ModelRef } from '../src/protocol/config.ts';
import type { DataProgress, RunEvent } from '../src/protocol/messages.ts';
import type { Host, RunStore } from '../src/session/host.ts';
import { openBaseModel, openFolder } from '../src/session/models/base_model.ts';
import { inputsOf } from '../src/session/models/task_fit.ts';
import { Session } from '../src/session/session.ts';
import { type Console, inMegabytes } from './console.ts';
import { sayFetching } from './fetching.ts';
import type { Given } from './flags.ts';
import { nodeHost } from './host.ts';
import { type ModelPlace, modelRef, ofDepth } from './models.ts';

/** What a model reads. */
export interface ModelReads {
  readonly inputs: Inputs;
  /** The longest text that it takes; of pictures the tokens that each is. */
  readonly positions: number;
}

export interface OpenSession {
  readonly calls: Session['calls'];
  readonly host: Host;
  reads(place: ModelPlace): Promise<ModelReads>;
  /** The model at a place; with a number of layers of its own, without weights. */
  model(place: ModelPlace, num_hidden_layers?: number): Promise<ModelRef>;
}

export interface Hearing {
  /** Hears everything but phases that only say how far a preparation is. */
  onEvent?(event: RunEvent): void;
  readonly runs?: RunStore;
  /** Where a merged model's weights are gathered. */
  readonly gathering?: Host['gathering'];
}

export function openSession(console: Console, given: Given, { onEvent, runs, gathering }: Hearing = {}): OpenSession {
  const host = { ...nodeHost(runs, given), ...(gathering ? { gathering } : {}) };
  let phase = '';
  let begun = 0;
  const session = new Session(host, (event) => {
    if (event.type === 'phase' && event.of !== undefined && event.done !== undefined) {
      if (event.phase !== phase) begun = performance.now();
      phase = event.phase;
      const spent = performance.now() - begun;
      const bytes = ['loading model', 'reading data', 'saving'].includes(event.phase);
      const [done, of] = bytes ? [inMegabytes(event.done), inMegabytes(event.of)] : [event.done, event.of];
      const leftMs = event.done > 0 && spent > 2000 ? (spent / event.done) * (event.of - event.done) : undefined;
      console.progress({ label: bytes ? `${event.phase}, MB` : event.phase, done, of, leftMs });
      return;
    }
    if (event.type === 'preparing') return sayPreparing(console, event);
    if (event.type === 'fetching') return sayFetching(console, event);
    if (event.type === 'phase') phase = event.phase;
    onEvent?.(event);
  });
  return {
    calls: session.calls,
    host,
    async reads(place) {
      const backbone = (await openBaseModel(await modelRef(place), host)).backbone();
      return { inputs: inputsOf(backbone), positions: backbone.config.max_position_embeddings };
    },
    async model(place, num_hidden_layers) {
      const ref = await modelRef(place);
      return num_hidden_layers === undefined ? ref : ofDepth(await openFolder(ref, host), num_hidden_layers);
    },
  };
}

/** How far the work on a file of rows is, as a line of progress. */
export function sayPreparing(console: Console, { work, name, done, of }: DataProgress): void {
  if (work !== 'reading') console.progress({ label: work, done, of });
  else console.progress({ label: `reading ${basename(name)}, MB`, done: inMegabytes(done), of: inMegabytes(of) });
}

/** Says what computes, and warns where that is slow. */
export async function sayDevice(calls: Session['calls'], console: Console): Promise<void> {
  const environment = await calls.environment(undefined);
  if (!environment.available) return;
  console.say(`device: ${environment.adapter}${environment.software ? ' (software: no GPU was found, so this is slow)' : ''}`);
}
