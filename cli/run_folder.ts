// One run's checkpoint as a folder: run.json and the tensor files that it names.
// Invariant: run.json is put in place last, by a rename, and names files that no later checkpoint overwrites: a kill or a power cut at any
// moment leaves the checkpoint before, whole.

import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { bytesOf } from '../src/formats/bytes.ts';
import { openSafetensors } from '../src/formats/safetensors.ts';
import { methods } from '../src/methods/registry.ts';
import { policyNames } from '../src/protocol/config.ts';
import { RetraceError, reportOf } from '../src/protocol/errors.ts';
import type { RunEvent, SavedRun } from '../src/protocol/messages.ts';
import { readingSettings } from '../src/protocol/reading.ts';
import type { RunStore, StoredRun } from '../src/session/host.ts';
import { memoryIn, type Settings } from './settings.ts';

/** Checksums of the files that a run is made from, by what they are. */
export type Fingerprints = Readonly<Record<string, string>>;

const place = v.variant('kind', [
  v.object({ kind: v.literal('bundled'), name: v.string(), part: v.string() }),
  v.object({ kind: v.literal('file'), path: v.string(), part: v.optional(v.string()), ...readingSettings }),
  v.object({
    ...{ kind: v.literal('pictures'), path: v.string(), part: v.optional(v.string()) },
    ...{ max_rows: readingSettings.max_rows, broken_pictures: readingSettings.broken_pictures },
  }),
  v.object({
    ...{ kind: v.literal('hub'), id: v.string(), config: v.string(), split: v.string() },
    ...{ revision: v.optional(v.string()), commit: v.string() },
    ...{ files: v.optional(v.array(v.string())), classes: v.optional(v.record(v.string(), v.array(v.string()))) },
    about: v.optional(v.looseObject({})),
    max_rows: readingSettings.max_rows,
  }),
]);

const recordSchema = v.object({
  format: v.literal('retrace-run'),
  format_version: v.literal(1),
  summary: v.looseObject({ id: v.string(), step: v.number(), max_steps: v.number(), finished: v.boolean() }),
  settings: v.looseObject({
    model: v.union([
      v.string(),
      v.object({ kind: v.literal('hub'), id: v.string(), revision: v.string(), commit: v.optional(v.string()) }),
    ]),
    data: place,
    adapter: v.optional(v.string()),
    eval_data: v.optional(place),
    more_eval_data: v.optional(v.record(v.string(), place)),
    columns: v.looseObject({}),
    task: v.optional(v.string()),
    method: v.picklist(methods.map(({ name }) => name)),
    policy: v.picklist(policyNames),
    options: v.looseObject({}),
    training: v.looseObject({}),
  }),
  fingerprints: v.record(v.string(), v.string()),
  state: v.string(),
  best: v.optional(v.string()),
  events: v.array(v.looseObject({ type: v.string() })),
});

export interface RunRecord {
  readonly format: 'retrace-run';
  readonly format_version: 1;
  readonly summary: SavedRun;
  /** What the command line made of its flags; a resumption makes the same of them. */
  readonly settings: Settings;
  readonly fingerprints: Fingerprints;
  /** Names of the tensor files beside it. */
  readonly state: string;
  readonly best?: string | undefined;
  readonly events: readonly RunEvent[];
}

const recordFile = 'run.json';

/** The folder's run.json, or undefined where there is none. Error: `bad-checkpoint`. */
export async function readRecord(folder: string): Promise<RunRecord | undefined> {
  const path = join(folder, recordFile);
  if (!existsSync(path)) return undefined;
  const damaged = (message: string) =>
    new RetraceError({
      code: 'bad-checkpoint',
      message: `${recordFile} is not the record of a run: ${message}.`,
      where: path,
      remedy: 'Start the run again, into another folder.',
    });
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (thrown) {
    throw damaged(thrown instanceof Error ? thrown.message : String(thrown));
  }
  const parsed = v.safeParse(recordSchema, json);
  if (!parsed.success) throw damaged(`${v.getDotPath(parsed.issues[0]) ?? 'top'}: ${parsed.issues[0].message}`);
  return json as RunRecord;
}

const badCheckpoint = (folder: string, message: string): RetraceError =>
  new RetraceError({ code: 'bad-checkpoint', message, where: folder, remedy: 'Start the run again, into another folder.' });

/** The tensor files of a record, each with a header that fits its length. Error: `bad-checkpoint`. */
export async function readTensorFiles(
  folder: string,
  { summary, state, best }: RunRecord,
): Promise<{ state: Uint8Array<ArrayBuffer>; best: Uint8Array<ArrayBuffer> | undefined }> {
  const read = async (name: string) => {
    const path = join(folder, name);
    if (!existsSync(path)) throw badCheckpoint(folder, `The checkpoint of step ${summary.step} lacks ${name}.`);
    const bytes = Uint8Array.from(await readFile(path));
    await openSafetensors(bytesOf(name, bytes)).catch((thrown: unknown) => {
      throw badCheckpoint(path, `The checkpoint of step ${summary.step} is damaged: ${reportOf(thrown).message}`);
    });
    return bytes;
  };
  return { state: await read(state), best: best === undefined ? undefined : await read(best) };
}

async function put(path: string, content: Uint8Array | string): Promise<void> {
  const file = await open(`${path}.part`, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
}

export interface RunFolder {
  readonly settings: Settings;
  readonly fingerprints: Fingerprints;
  /** The session's configuration of these settings. */
  config(): Promise<StoredRun['config']>;
  /** Told of every checkpoint. */
  onSaved?(summary: SavedRun): void;
}

/** A store that holds one run. Errors: `checkpoint-not-saved`, `bad-checkpoint`. */
export function folderRuns(folder: string, { settings, fingerprints, config, onSaved }: RunFolder): RunStore {
  const path = (name: string) => join(folder, name);

  async function clean(kept: readonly (string | undefined)[]): Promise<void> {
    const old = (await readdir(folder)).filter((name) => /^(state|best)-\d+\.safetensors(\.part)?$/.test(name) && !kept.includes(name));
    await Promise.all(old.map((name) => rm(path(name), { force: true })));
  }

  return {
    async save({ summary, config: settled, events, state, best }) {
      // What a budget has chosen is what a resumption goes on with.
      const { budget_chooses: _, ...asked } = settings;
      const record: RunRecord = {
        format: 'retrace-run',
        format_version: 1,
        summary,
        settings: { ...asked, ...memoryIn(settled) },
        fingerprints,
        state: `state-${summary.step}.safetensors`,
        ...(best && summary.best ? { best: `best-${summary.best.step}.safetensors` } : {}),
        events,
      };
      try {
        await mkdir(folder, { recursive: true });
        await put(path(record.state), state);
        if (best && record.best !== undefined && !existsSync(path(record.best))) await put(path(record.best), best);
        await put(path(recordFile), `${JSON.stringify(record)}\n`);
        await clean([record.state, record.best]);
      } catch (thrown) {
        throw new RetraceError({
          code: 'checkpoint-not-saved',
          message: `The checkpoint of step ${summary.step} (${state.byteLength} bytes) could not be written: ${thrown instanceof Error ? thrown.message : String(thrown)}.`,
          where: folder,
          remedy: 'Free disk space or allow writing there, then go on with --resume: the checkpoint before this one is whole.',
        });
      }
      onSaved?.(summary);
      return { path: path(record.state) };
    },
    async load() {
      const record = await readRecord(folder);
      if (!record) return undefined;
      const { summary, events } = record;
      return { summary, config: await config(), events, ...(await readTensorFiles(folder, record)) };
    },
    list: async () => [],
    async delete() {
      await rm(path(recordFile), { force: true });
      await clean([]);
    },
  };
}
