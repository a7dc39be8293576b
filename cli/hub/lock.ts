// Who may write to a file on its way: one holder, in all processes that share the cache. Node has no locks that the system frees, so the holder's name stands
// in a file, and who comes later looks whether that holder still lives. Python's locks are others; it never writes where we do.
// Invariant: a lock passes from a dead holder to one other in one rename, by whoever has made the file beside it.

import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as after } from 'node:timers/promises';
import * as v from 'valibot';
import { codeOf } from './disk.ts';

export interface Lock {
  release(): Promise<void>;
}

const Owner = v.object({
  /** Within it process numbers are comparable: a boot of a machine, a namespace of it. */
  machine: v.string(),
  pid: v.number(),
  /** When the process began, in the system's ticks; another process may have its number later. */
  begun: v.optional(v.string()),
  token: v.string(),
});
type Owner = v.InferOutput<typeof Owner>;

const lookEveryMs = 200;
const touchEveryMs = 5000;
/** A holder that can't be looked up, on another machine, has died when its lock is as old as this. */
const deadAfterMs = 30_000;

/** Those of this process; a lock of it that could not be taken away is none. */
const held = new Set<string>();

function machineName(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** The 22nd field of a process's line; its name, the second, may have spaces in it. */
function begunAt(pid: number): string | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return line
      .slice(line.lastIndexOf(')') + 2)
      .split(' ')
      .at(19);
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // It is there, and somebody else's.
    return codeOf(thrown) === 'EPERM';
  }
}

function ownerOf(text: string): Owner | undefined {
  try {
    const parsed = v.safeParse(Owner, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** Whether whoever wrote this text into the lock, touched so long ago, holds it no more. */
function isDead(text: string, untouchedMs: number): boolean {
  const owner = ownerOf(text);
  // One that is just being written has no owner yet.
  if (owner === undefined || owner.machine !== machineName()) return untouchedMs > deadAfterMs;
  if (owner.pid === process.pid && owner.begun === begunAt(process.pid)) return !held.has(owner.token);
  if (!isRunning(owner.pid)) return true;
  if (owner.begun === undefined) return untouchedMs > deadAfterMs;
  return begunAt(owner.pid) !== owner.begun;
}

async function made(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o664);
    try {
      await file.writeFile(text);
    } catch (thrown) {
      await rm(path, { force: true });
      throw thrown;
    } finally {
      await file.close();
    }
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

interface Found {
  readonly text: string;
  readonly untouchedMs: number;
}

/** What stands in a lock, and how old it is; undefined where there is none. */
async function found(path: string): Promise<Found | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    const { mtimeMs } = await stat(path);
    return { text, untouchedMs: Date.now() - mtimeMs };
  } catch {
    return undefined;
  }
}

const isLeft = (lock: Found | undefined): boolean => lock !== undefined && isDead(lock.text, lock.untouchedMs);

/**
 * Takes the place of a dead holder: true where `text` stands in the lock then. One at a time does so, whoever has made the file beside the lock, and looks
 * again there; the lock itself is never gone meanwhile, so nobody else can make it. A file beside it that somebody left is taken away once it is old.
 */
async function takenOver(path: string, text: string): Promise<boolean> {
  if (!isLeft(await found(path))) return false;
  const beside = `${path}.taking`;
  if (!(await made(beside, text))) {
    const other = await found(beside);
    if (other && other.untouchedMs > deadAfterMs) await rm(beside, { force: true });
    return false;
  }
  // Renamed onto the lock it takes its place in one stroke.
  const place = () =>
    rename(beside, path).then(
      () => true,
      () => false,
    );
  if (isLeft(await found(path)) && (await place())) return true;
  await rm(beside, { force: true });
  return false;
}

/** The lock at `path`, in a folder that is there; undefined where somebody else has it. With `wait` it waits, until the signal is given: then it throws its reason. */
export async function takeLock(
  path: string,
  { wait = false, signal }: { wait?: boolean; signal?: AbortSignal | undefined } = {},
): Promise<Lock | undefined> {
  const begun = begunAt(process.pid);
  const owner: Owner = { machine: machineName(), pid: process.pid, ...(begun === undefined ? {} : { begun }), token: randomUUID() };
  const text = JSON.stringify(owner);
  held.add(owner.token);
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (await made(path, text)) break;
      if (await takenOver(path, text)) break;
      if (!wait) {
        held.delete(owner.token);
        return undefined;
      }
      await after(lookEveryMs, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  } catch (thrown) {
    held.delete(owner.token);
    throw thrown;
  }
  const touching = setInterval(() => {
    const now = new Date();
    void utimes(path, now, now).catch(() => undefined);
  }, touchEveryMs).unref();
  return {
    async release() {
      clearInterval(touching);
      held.delete(owner.token);
      if ((await readFile(path, 'utf8').catch(() => undefined)) === text) await rm(path, { force: true }).catch(() => undefined);
    },
  };
}
