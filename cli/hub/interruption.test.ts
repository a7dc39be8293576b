// What is left when the process dies, or the machine loses power, or the disk is full, at each single step that the store makes on the disk.

import { createHash } from 'node:crypto';
import { closeSync, cpSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import type { RepoId } from '../../src/hub/repo.ts';
import type { HubStore, Range } from '../../src/hub/store.ts';

/** Steps on the disk until everything fails, and how. */
const fate = vi.hoisted(() => ({
  steps: Number.POSITIVE_INFINITY,
  taken: 0,
  code: 'EIO',
  passes: false,
  unsynced: new Map<string, [number, number][]>(),
}));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const step = (): void => {
    fate.taken += 1;
    const fails = fate.passes ? fate.taken === fate.steps : fate.taken >= fate.steps;
    if (fails) throw Object.assign(new Error(`${fate.code}: the test's`), { code: fate.code });
  };
  type Work = (...args: never[]) => Promise<unknown>;
  const counted =
    (work: Work): Work =>
    async (...args) => {
      step();
      return work(...args);
    };
  const changing = ['mkdir', 'rename', 'rm', 'symlink', 'copyFile', 'writeFile', 'link', 'rmdir'] as const;
  const open: typeof real.open = async (path, ...rest) => {
    step();
    const handle = await real.open(path, ...rest);
    const name = String(path);
    return new Proxy(handle, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        const work = value.bind(target) as Work;
        if (key === 'write') {
          return counted((async (bytes: Uint8Array, at: number, length: number, position: number) => {
            fate.unsynced.set(name, [...(fate.unsynced.get(name) ?? []), [position, length]]);
            return target.write(bytes, at, length, position);
          }) as Work);
        }
        if (key === 'datasync' || key === 'sync') {
          return counted(async () => {
            await work();
            fate.unsynced.delete(name);
          });
        }
        return ['truncate', 'writeFile'].includes(String(key)) ? counted(work) : work;
      },
    });
  };
  return { ...real, open, ...Object.fromEntries(changing.map((name) => [name, counted(real[name] as Work)])) };
});

const { hubCache } = await import('./cache.ts');

const scratch = mkdtempSync(join(tmpdir(), 'retrace-interruption-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const repo: RepoId = { type: 'model', id: 'ada/tiny-bert' };
const commit = 'a'.repeat(40);
const bytes = Uint8Array.from({ length: 3000 }, (_, i) => 1 + ((i * 31) % 251));
const sha256 = createHash('sha256').update(bytes).digest('hex');
const file = { path: 'onnx/model.safetensors', size: bytes.length, oid: 'c'.repeat(40), sha256 };

const missing = (ranges: readonly Range[]): Range[] =>
  [{ begin: 0, end: 0 }, ...ranges].map(({ end }, i) => ({ begin: end, end: ranges[i]?.begin ?? bytes.length }));

/** A fetch in pieces; every piece is made sure of. */
async function fetchFile(store: HubStore): Promise<void> {
  await store.setSnapshot(repo, { commit, files: [file] });
  await store.setCommit(repo, 'main', commit);
  const part = await store.part(repo, commit, file);
  if (part === undefined) throw new Error('somebody holds it');
  try {
    const done = [...part.ranges];
    for (const gap of missing(part.ranges)) {
      for (let at = gap.begin; at < gap.end; at += 1500) {
        await part.write(at, bytes.subarray(at, Math.min(gap.end, at + 1500)));
        done.push({ begin: at, end: Math.min(gap.end, at + 1500) });
        await part.flush(done.toSorted((a, b) => a.begin - b.begin));
      }
    }
    await part.finish();
  } finally {
    await part.close();
  }
}

/** Runs `work` until its step number `steps`; says whether it came to its end. */
async function until(steps: number, work: () => Promise<void>, how: { code?: string; passes?: boolean } = {}): Promise<boolean> {
  Object.assign(fate, { steps, taken: 0, code: how.code ?? 'EIO', passes: how.passes ?? false });
  fate.unsynced.clear();
  try {
    await work();
    return fate.taken < steps;
  } catch {
    return false;
  } finally {
    fate.steps = Number.POSITIVE_INFINITY;
  }
}

/** As if another process had held the locks, which has died. */
function killHolder(root: string): void {
  for (const name of existsSync(root) ? readdirSync(root, { recursive: true, encoding: 'utf8' }) : []) {
    if (!name.endsWith('.retrace-lock')) continue;
    const text = readFileSync(join(root, name), 'utf8');
    // A lock that was not written to its end yet is taken for a new one for a while: not what is tried here.
    if (text === '') rmSync(join(root, name));
    else writeFileSync(join(root, name), JSON.stringify({ ...(JSON.parse(text) as object), pid: 2 ** 22 + 1 }));
  }
}

/** As if the power had gone: what the disk was not told to keep is zeros. */
function losePower(from: string, root: string): void {
  for (const [path, ranges] of fate.unsynced) {
    const name = path.replace(from, root);
    if (!existsSync(name)) continue;
    const descriptor = openSync(name, 'r+');
    for (const [at, length] of ranges) writeSync(descriptor, new Uint8Array(length), 0, length, at);
    closeSync(descriptor);
  }
}

async function checkRest(root: string, step: number): Promise<void> {
  const store = hubCache(root);
  const early = await store.open(repo, commit, file.path);
  if (early !== undefined) expect(await early.read(0, early.size), `step ${step}`).toEqual(bytes);
  const part = await store.part(repo, commit, file);
  for (const { begin, end } of part?.ranges ?? [])
    expect(await part?.read(begin, end), `step ${step}, bytes ${begin} to ${end}`).toEqual(bytes.slice(begin, end));
  await part?.close();
  await fetchFile(store);
  const whole = await store.open(repo, commit, file.path);
  expect(new Uint8Array((await whole?.read(0, whole.size)) ?? []), `step ${step}`).toEqual(bytes);
  expect(readdirSync(join(root, 'models--ada--tiny-bert', 'blobs'))).toEqual([sha256]);
}

test('whenever a fetch is killed or the power goes, what is said to be here is here, and the fetch goes on to its end', async () => {
  let step = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let isDone = false; !isDone; step += 1) {
    const root = join(mkdtempSync(join(scratch, 'killed-')), 'hub');
    isDone = await until(step + 1, () => fetchFile(hubCache(root)));
    for (const power of fate.unsynced.size > 0 ? [false, true] : [false]) {
      const copy = join(mkdtempSync(join(scratch, 'copy-')), 'hub');
      if (existsSync(root)) cpSync(root, copy, { recursive: true, verbatimSymlinks: true });
      if (power) losePower(root, copy);
      killHolder(copy);
      const before = await hubCache(copy).kept();
      least = Math.min(least, before[0]?.bytes ?? 0);
      await checkRest(copy, step);
    }
  }
  expect(step).toBeGreaterThan(30);
  expect(least).toBe(0);
});

test('whenever a removal is killed, what is left is sound, and removed by another try', async () => {
  for (let step = 0, isDone = false; !isDone; step += 1) {
    const root = join(mkdtempSync(join(scratch, 'removed-')), 'hub');
    await fetchFile(hubCache(root));
    isDone = await until(step + 1, () => hubCache(root).remove(repo));
    killHolder(root);
    const top = join(root, 'models--ada--tiny-bert');
    const [refs, snapshots] = ['refs', 'snapshots'].map((name) => (existsSync(join(top, name)) ? readdirSync(join(top, name)) : []));
    if (refs?.includes('main')) expect(snapshots, `step ${step}`).toEqual([commit]);
    const link = join(top, 'snapshots', commit, file.path);
    if (snapshots?.length === 1 && !existsSync(link))
      expect(readdirSync(join(top, 'snapshots', commit), { recursive: true })).not.toContain(file.path);
    await hubCache(root).remove(repo);
    expect(existsSync(top)).toBe(false);
  }
});

test('a disk that is full at any step is said with what was wanted and what is free, and what was made sure of stays', async () => {
  for (let step = 0, isDone = false; !isDone; step += 1) {
    const root = join(mkdtempSync(join(scratch, 'full-')), 'hub');
    let said: unknown;
    isDone = await until(
      step + 1,
      () =>
        fetchFile(hubCache(root)).catch((thrown: unknown) => {
          said = thrown;
          throw thrown;
        }),
      { code: step % 2 === 0 ? 'ENOSPC' : 'EDQUOT', passes: true },
    );
    if (said !== undefined)
      expect(said, `step ${step}`).toMatchObject({
        code: 'store-full',
        message: expect.stringMatching(/: \d+ bytes were to be written, \d+ are free/),
      });
    await checkRest(root, step);
  }
});
