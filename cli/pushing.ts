// How a command pushes an adapter to the hub, and what it says before and meanwhile. What is sent, and how, is cli/hub/push.ts.
// Invariant: whose texts an adapter carries, and who will be able to read them, is said before a byte of it leaves.

import { defaultRevision } from '../src/hub/repo.ts';
import { type Console, inMegabytes } from './console.ts';
import type { Given } from './flags.ts';
import { bytesText, durationText } from './format.ts';
import { hubOf } from './hub/connection.ts';
import { type PushTarget, planPush, push, pushRepo, pushTarget } from './hub/push.ts';
import { baseOnCard, ownTexts, type PushFile, pushFiles } from './hub/push_files.ts';

/** The repository of a push, once the token was seen to be good for it. Errors: `bad-repo-id`, `push-*`, `hub-*`. */
export function askedTarget(given: Given, repo: string, branch?: string): Promise<PushTarget> {
  return pushTarget(hubOf(given).client, pushRepo(repo, branch), given['private'] === true ? 'private' : undefined);
}

/** Title of the commit. */
export const pushMessage = 'Upload an adapter trained with Retrace';

const shown = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

async function sayWhat(console: Console, files: readonly PushFile[], { visibility }: PushTarget): Promise<void> {
  const own = await ownTexts(files);
  const readers = visibility === 'public' ? 'everyone can read them' : 'who may see the repository can read them';
  if (own !== undefined)
    console.say(`push: its self-test carries ${own.count} texts that are not made up, of your data: ${readers} ('${shown(own.first)}')`);
  const base = await baseOnCard(files);
  if (base !== undefined && !/^[\w.-]+\/[\w.-]+$/.test(base))
    console.say(`push: its card names the base '${base}', which is no id of the hub: set base_model in README.md, so that others find it`);
}

/** Pushes the adapter at a path. Errors: those of `pushFiles`, `push-*`, `hub-*`. */
export async function pushed(given: Given, console: Console, path: string, target: PushTarget, message: string): Promise<void> {
  const { client } = hubOf(given);
  const files = await pushFiles(path);
  const plan = await planPush(client, target, files);
  const bytes = plan.sent.reduce((sum, { blob }) => sum + blob.size, 0);
  const { id, revision, visibility } = target;
  const name = revision === defaultRevision ? id : `${id}, branch ${revision}`;
  const more = [
    ...(plan.same > 0 ? [`${plan.same} are there already`] : []),
    ...(plan.removed.length > 0 ? [`of an earlier adapter goes ${plan.removed.join(', ')}`] : []),
    ...(plan.others > 0 ? [`${plan.others} other files stay`] : []),
  ];
  const nothing = plan.sent.length + plan.removed.length === 0;
  console.say(`push: to ${name} (${visibility}${target.commit === undefined ? ', new' : ''}) on ${client.endpoint}`);
  for (const { path: file, blob } of plan.sent) console.say(`push:   ${file}, ${bytesText(blob.size)}`);
  console.say(`push: ${[nothing ? 'nothing changed' : `${plan.sent.length} files, ${bytesText(bytes)}`, ...more].join('; ')}`);
  if (!nothing) await sayWhat(console, plan.sent, target);
  const { url, commit } = await push(client, plan, files, message, {
    onRest: ({ why, ms }) => console.say(`push: ${why.message} Trying again in ${durationText(ms)}.`),
    onProgress: (done, of, state) =>
      console.progress({ label: `pushing to ${id}, MB`, done: inMegabytes(done), of: inMegabytes(of), detail: state }),
  });
  console.clear();
  console.event({ type: 'pushed', repo: id, revision, visibility, url, commit, files: plan.sent.length, removed: plan.removed, bytes });
  console.result(nothing ? `unchanged: ${url}` : `pushed: ${url}`);
}
