// hub: what of the hub is kept here, what it has, bringing models here or removing them without a run, and pushing adapters there.

import { parseRepo } from '../../src/hub/repo.ts';
import { RetraceError } from '../../src/protocol/errors.ts';
import type { KeptRepo } from '../../src/protocol/hub.ts';
import { countText } from '../../src/protocol/sentences.ts';
import type { Session } from '../../src/session/session.ts';
import type { Console } from '../console.ts';
import { fetched } from '../fetching.ts';
import { type Given, usage } from '../flags.ts';
import { bytesText, tableText } from '../format.ts';
import { hubOf } from '../hub/connection.ts';
import { hubPlace, repoOf } from '../models.ts';
import { openSession } from '../open_session.ts';
import { askedTarget, pushed, pushMessage } from '../pushing.ts';
import { textOf } from '../settings.ts';

type Calls = Session['calls'];
type Work = (calls: Calls, given: Given, console: Console, words: readonly string[]) => Promise<void>;

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const supportedText = (supported: true | string): string => (supported === true ? 'yes' : supported);
const parametersText = (count: number | undefined): string => (count === undefined ? '' : `${(count / 1e6).toFixed(1)} M`);

function one(words: readonly string[], what: string): string {
  const [word, ...more] = words;
  if (word !== undefined && more.length === 0) return word;
  throw usage(`${words.length} words were given where one is meant.`, `Write ${what}.`, what);
}

const keptRow = ({ type, id, commit, revisions, bytes, whole, last_used }: KeptRepo): string[] => [
  id,
  type,
  commit.slice(0, 7),
  revisions.join(', '),
  bytesText(bytes),
  whole ? 'whole' : 'in part',
  day(last_used),
];

async function list(calls: Calls, _: Given, console: Console): Promise<void> {
  const { place, repos, free } = await calls.keptRepos(undefined);
  for (const repo of repos) console.event({ ...repo, type: 'kept', repo_type: repo.type });
  const all = repos.reduce((sum, { bytes }) => sum + bytes, 0);
  if (repos.length > 0)
    console.result(tableText([['id', 'type', 'commit', 'revisions', 'bytes', 'kept', 'last used'], ...repos.map(keptRow)]));
  console.say(`${place}: ${countText(repos.length)} kept, ${bytesText(all)}${free === undefined ? '' : `; ${bytesText(free)} free`}`);
}

async function search(calls: Calls, _: Given, console: Console, words: readonly string[]): Promise<void> {
  if (words.length === 0) throw usage('Nothing to search for is named.', 'Write retrace hub search TEXT.', 'TEXT');
  const rows = await calls.searchModels({ search: words.join(' ') });
  for (const row of rows) console.event({ type: 'model', ...row });
  const cells = rows.map(({ id, model_type, parameters, licence, downloads, gated, supported }) => [
    id,
    model_type ?? '',
    parametersText(parameters),
    downloads === undefined ? '' : countText(downloads),
    gated ? 'on request' : '',
    licence ?? '',
    supportedText(supported),
  ]);
  if (rows.length === 0) console.say('The hub knows no model by these words.');
  else console.result(tableText([['id', 'kind', 'parameters', 'downloads', 'gated', 'licence', 'can be trained'], ...cells]));
}

async function known(calls: Calls, _: Given, console: Console): Promise<void> {
  const rows = await calls.knownModels(undefined);
  for (const row of rows) console.event({ type: 'model', ...row });
  const cells = rows.map(({ id, model_type, parameters, bytes, licence, good_for }) => [
    id,
    model_type,
    parametersText(parameters),
    bytesText(bytes),
    licence,
    good_for,
  ]);
  console.result(tableText([['id', 'kind', 'parameters', 'weights', 'licence', 'good for'], ...cells]));
}

async function fetch(calls: Calls, given: Given, console: Console, words: readonly string[]): Promise<void> {
  const place = hubPlace(one(words, 'retrace hub fetch ID'), given);
  if (given['refresh'] === true) await hubOf(given).refresh(repoOf(place));
  const { place: kept } = await fetched(calls, place, console);
  if (typeof kept !== 'string') console.result(`${kept.id} at commit ${kept.commit} is kept whole`);
}

async function remove(calls: Calls, given: Given, console: Console, words: readonly string[]): Promise<void> {
  const word = one(words, 'retrace hub remove ID');
  const commit = textOf(given, 'commit');
  const { id } = parseRepo('model', word);
  const all = (await calls.keptRepos(undefined)).repos.filter((repo) => repo.id === id);
  const matching = all.filter((repo) => commit === undefined || repo.commit.startsWith(commit));
  const commits = [...new Set(matching.map((repo) => repo.commit))];
  const [type, ...types] = [...new Set(matching.map((repo) => repo.type))];
  if (type === undefined) {
    throw new RetraceError({
      code: 'not-kept',
      message: `Nothing of ${id}${commit === undefined ? '' : ` at ${commit}`} is kept.`,
      where: commit === undefined ? word : '--commit',
      remedy: 'See retrace hub list.',
    });
  }
  const wanted = textOf(given, 'type') ?? (types.length === 0 ? type : undefined);
  if (wanted === undefined) throw usage(`A model and a data set of this name are kept.`, 'Add --type model or --type dataset.', '--type');
  if (commit !== undefined && commits.length > 1)
    throw usage(`${commit} begins the names of ${commits.length} commits.`, `Write more of one: ${commits.join(', ')}.`, '--commit');
  const bytes = matching.filter((repo) => repo.type === wanted).reduce((sum, repo) => sum + repo.bytes, 0);
  await calls.removeKept({ type: wanted as 'model' | 'dataset', id, ...(commit === undefined ? {} : { commit: commits[0] ?? '' }) });
  console.event({ type: 'removed', repo_type: wanted, id, ...(commit === undefined ? {} : { commit: commits[0] }), bytes });
  console.result(`removed: ${id}${commit === undefined ? '' : ` at ${commits[0]}`}, ${bytesText(bytes)} at most`);
}

async function push(_: Calls, given: Given, console: Console, words: readonly string[]): Promise<void> {
  const [folder, repo, ...more] = words;
  if (folder === undefined || repo === undefined || more.length > 0) {
    const what = 'retrace hub push FOLDER org/name';
    throw usage(`${words.length} words were given where two are meant.`, `Write ${what}.`, what);
  }
  const target = await askedTarget(given, repo, textOf(given, 'revision'));
  await pushed(given, console, folder, target, textOf(given, 'message') ?? pushMessage);
}

/** What `retrace hub` can do, by its first word. */
const works: Readonly<Record<string, Work>> = { list, search, known, fetch, remove, push };

export async function hub(given: Given, console: Console, [first, ...words]: readonly string[]): Promise<number> {
  const work = first === undefined ? undefined : works[first];
  if (work === undefined) {
    throw usage(
      first === undefined ? 'hub needs a word that says what to do.' : `hub knows no '${first}'.`,
      `Write one of ${Object.keys(works).join(', ')}; see retrace hub --help.`,
      first ?? 'hub',
    );
  }
  await work(openSession(console, given).calls, given, console, words);
  return 0;
}
