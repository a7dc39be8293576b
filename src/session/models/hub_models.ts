// Models of the hub as calls of a session: looked up, fetched, kept, found again by an adapter. Not here: how bytes come (src/hub), and what a model is once
// it is open (base_model.ts). Invariant: nothing is asked of the hub but by a call that names what it asks for.

import { baseNamedIn } from '../../formats/exported.ts';
import { type FetchedAdapter, fetchAdapter } from '../../hub/adapter.ts';
import { licenceOf, type RepoInfo } from '../../hub/client.ts';
import type { FetchOptions, Hub } from '../../hub/hub.ts';
import { isAdapterRepo, weightsOf } from '../../hub/needed_files.ts';
import { modelRepo, parseRepo, type RepoRef } from '../../hub/repo.ts';
import { supportedTypes } from '../../models/registry.ts';
import type { AdapterSource, ModelRef, RunConfig } from '../../protocol/config.ts';
import { RetraceError } from '../../protocol/errors.ts';
import type { FetchPlan, FetchProgress, HubModelRow, Supported } from '../../protocol/hub.ts';
import type { Calls } from '../../protocol/messages.ts';
import { filesOf } from '../adapters/importing.ts';
import type { StoredRun } from '../host.ts';

export type HubModel = Extract<ModelRef, { kind: 'hub' }>;

function hubModelOf(model: ModelRef): HubModel {
  if (model.kind === 'hub') return model;
  throw new RetraceError({
    code: 'not-of-the-hub',
    message: `${model.name} does not come from the hub: there is nothing to fetch.`,
    where: model.name,
    remedy: 'Use it as it is.',
  });
}

/** Whether Retrace can train what the hub says this is, as far as names and keys tell. */
export function supportOf({ config, siblings, library_name }: RepoInfo): Supported {
  const paths = siblings?.map(({ rfilename }) => rfilename) ?? [];
  if (isAdapterRepo(paths)) return 'It is an adapter, not a model: give it as --adapter, or import it.';
  const type = config?.model_type;
  if (typeof type === 'string' && !supportedTypes.includes(type))
    return `Its architecture, ${type}, can't be trained here yet; ${supportedTypes.join(', ')} can.`;
  if (paths.length > 0 && !paths.includes('config.json')) return 'It has no config.json, so it is no model of Transformers.';
  const others = ['.gguf', '.msgpack', '.h5', '.onnx'].filter((ending) => paths.some((path) => path.endsWith(ending)));
  if (paths.length > 0 && weightsOf(paths) === undefined)
    return others.length > 0
      ? `Its weights come as ${others.join(', ')} alone; safetensors and .bin are read.`
      : 'It has no weights that are read: safetensors or .bin.';
  if (library_name && !['transformers', 'sentence-transformers'].includes(library_name))
    return `It belongs to ${library_name}, not to Transformers.`;
  return true;
}

const rowOf = (info: RepoInfo): HubModelRow => ({
  id: info.id,
  model_type: typeof info.config?.model_type === 'string' ? info.config.model_type : undefined,
  parameters: info.safetensors?.total ?? undefined,
  licence: licenceOf(info),
  downloads: info.downloads ?? undefined,
  gated: info.gated !== undefined && info.gated !== false,
  supported: supportOf(info),
});

export async function searchModels(hub: Hub, words: string): Promise<HubModelRow[]> {
  const rows = (await hub.client.search(words)).map(rowOf);
  return [...rows.filter(({ supported }) => supported === true), ...rows.filter(({ supported }) => supported !== true)];
}

/** The one fetch that a session makes at a time, and its stop. */
export class Fetching {
  readonly #hub: Hub;
  readonly #tell: (progress: FetchProgress) => void;
  #under: { readonly stop: AbortController; readonly ended: Promise<unknown> } | undefined;
  #last: RepoRef | undefined;

  constructor(hub: Hub, tell: (progress: FetchProgress) => void) {
    this.#hub = hub;
    this.#tell = tell;
  }

  plan(model: ModelRef): Promise<FetchPlan> {
    return this.#hub.fetchPlan(modelRepo(hubModelOf(model)));
  }

  /** Brings a model here; `onProgress` may stop it by throwing. Errors: those of `Hub.fetch`, and what `onProgress` throws. */
  fetch(model: ModelRef, onProgress?: () => void): Promise<FetchPlan> {
    const repo = modelRepo(hubModelOf(model));
    return this.#bring(repo, (options) => this.#hub.fetch(repo, options), onProgress);
  }

  /** A stored run with its model where it is now: the one that it had, or where that is not kept any more another that is, with the same weights. */
  async foundAgain({ config, summary: { hub_model } }: StoredRun): Promise<RunConfig> {
    const { model } = config;
    if (model.kind !== 'hub' || hub_model?.sha256 === undefined || (await this.#hub.isKept(modelRepo(model)))) return config;
    const kept = await this.#hub.keptWith(hub_model.sha256);
    return kept === undefined ? config : { ...config, model: { kind: 'hub', name: kept.id, commit: kept.commit } };
  }

  /** The files of an adapter, brought here where it is one of the hub, with their commit. Errors: those of `filesOf` and `fetchAdapter`. */
  async adapter(source: AdapterSource): Promise<Omit<FetchedAdapter, 'commit'> & Partial<Pick<FetchedAdapter, 'commit'>>> {
    if (!('hub' in source)) return { files: await filesOf(source) };
    const repo = parseRepo('model', source.hub);
    return this.#bring(repo, (options) => fetchAdapter(this.#hub, repo, options));
  }

  async #bring<T>(repo: RepoRef, work: (options: FetchOptions) => Promise<T>, onProgress?: () => void): Promise<T> {
    await this.#under?.ended.catch(() => undefined);
    const stop = new AbortController();
    let thrown: unknown;
    const told: { last?: FetchProgress } = {};
    const fetching = work({
      signal: stop.signal,
      onProgress: (progress) => {
        told.last = progress;
        this.#tell(progress);
        try {
          onProgress?.();
        } catch (reason) {
          thrown ??= reason;
          stop.abort();
        }
      },
    });
    this.#under = { stop, ended: fetching };
    this.#last = repo;
    try {
      return await fetching;
    } catch (error) {
      if (told.last) this.#tell({ id: repo.id, done: told.last.done, of: told.last.of, state: 'paused' });
      throw thrown ?? error;
    } finally {
      this.#under = undefined;
    }
  }

  /** Ends the fetch under way; with `forget` what came of it, or of the last one, is removed. */
  async stop(forget: boolean): Promise<void> {
    this.#under?.stop.abort();
    await this.#under?.ended.catch(() => undefined);
    if (forget && this.#last !== undefined) await this.#hub.forget(this.#last);
  }
}

/** What an adapter's files say of its base, and a model that is kept here with those very weights. Errors: those of its files. */
export async function baseOf(hub: Hub, fetching: Fetching, source: AdapterSource): Promise<Calls['baseOf']['answer']> {
  const { files, commit } = await fetching.adapter(source);
  const base = await baseNamedIn(files);
  const kept = base.sha256 === undefined ? undefined : await hub.keptWith(base.sha256);
  return {
    ...base,
    ...(kept === undefined ? {} : { found: { kind: 'hub', name: kept.id, commit: kept.commit } }),
    ...(commit === undefined ? {} : { commit }),
  };
}
