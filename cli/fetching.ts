// How a command brings a model of the hub here before it uses it, and what it says meanwhile. What is fetched, and how, is the session's.
// Invariant: Ctrl-C ends the fetch and nothing else, and what came so far is kept.

import type { FetchPlan, FetchProgress } from '../src/protocol/hub.ts';
import type { Session } from '../src/session/session.ts';
import { type Console, inMegabytes } from './console.ts';
import { bytesText, durationText } from './format.ts';
import { type ModelPlace, modelRef, shownPlace } from './models.ts';
import { listenForSignals } from './signals.ts';

const shortCommit = 7;

export function sayFetching(console: Console, { id, done, of, state, rate, ms_left, waiting }: FetchProgress): void {
  if (waiting !== undefined) {
    const again = waiting.ms === undefined ? '' : ` Trying again in ${durationText(waiting.ms)}.`;
    const detail = `${waiting.why.message}${again}`;
    console.progress({ label: `waiting for ${id}, MB`, done: inMegabytes(done), of: inMegabytes(of), detail });
    return;
  }
  const detail = state === 'checking' ? 'checking' : rate === undefined ? undefined : `${(rate / 1e6).toFixed(1)} MB/s`;
  const said = { label: `fetching ${id}, MB`, done: inMegabytes(done), of: inMegabytes(of), leftMs: ms_left };
  console.progress({ ...said, ...(detail === undefined ? {} : { detail }) });
}

/** `google-bert/bert-base-uncased (commit 86b5e09): 440.5 MB, of which 0 are here; licence apache-2.0` */
export function fetchPlanText({ id, commit, bytes, kept, licence }: FetchPlan): string {
  const here = kept === bytes ? 'all of it here' : `${bytesText(kept)} of it here`;
  return `${id} (commit ${commit.slice(0, shortCommit)}): ${bytesText(bytes)}, ${here}${licence === undefined ? '' : `; licence ${licence}`}`;
}

export interface Fetched {
  /** The place with its commit. */
  readonly place: ModelPlace;
  /** As the hub names it, where it was asked. */
  readonly licence?: string | undefined;
}

/** Brings here what a run needs of a model; one that is on this machine by itself is left as it is. Errors: `hub-*`, `store-*`, `fetch-stopped`. */
export async function fetched(calls: Session['calls'], place: ModelPlace, console: Console): Promise<Fetched> {
  if (typeof place === 'string') return { place };
  const model = await modelRef(place);
  const planned = await calls.fetchPlan({ model });
  console.say(`model: ${fetchPlanText(planned)}`);
  const commit = { ...place, commit: planned.commit };
  const deaf = listenForSignals((count) => {
    if (count > 1) process.exit(stopped);
    console.say('Stopping; Ctrl-C again ends at once.');
    void calls.stopFetch({ forget: false });
  });
  try {
    const { licence, bytes } = await calls.fetchModel({ model });
    console.clear();
    if (planned.kept < bytes) console.event({ type: 'fetched', model: shownPlace(place), commit: planned.commit, bytes });
    return { place: commit, licence: licence ?? planned.licence };
  } finally {
    deaf();
  }
}

/** The licence of the model at a place, as a list of bundled ones or the hub (`named`) has it; nothing where neither does. */
export async function licenceOf(calls: Session['calls'], place: ModelPlace, named: string | undefined): Promise<string> {
  const bundled = (await calls.catalogue(undefined)).models.find(({ name }) => name === place);
  return bundled?.licence ?? named ?? '';
}

/** Exit code of a fetch that was ended by Ctrl-C, as shells know it. */
export const stopped = 130;
