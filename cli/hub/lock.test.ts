import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { takeLock } from './lock.ts';

const scratch = mkdtempSync(join(tmpdir(), 'retrace-lock-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const newPath = (): string => join(mkdtempSync(join(scratch, 'folder-')), 'file.retrace-lock');

/** The lock as this process writes it, said to be of another. */
async function heldBy(path: string, change: object): Promise<void> {
  const lock = await takeLock(path);
  const own = JSON.parse(readFileSync(path, 'utf8')) as object;
  await lock?.release();
  writeFileSync(path, JSON.stringify({ ...own, ...change }));
}

test('one holds it at a time, and whoever waits has it next', async () => {
  const path = newPath();
  const held = await takeLock(path);
  expect(held).toBeDefined();
  expect(await takeLock(path)).toBeUndefined();
  const order: string[] = [];
  const waiting = takeLock(path, { wait: true }).then((lock) => {
    order.push('taken');
    return lock;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  order.push('released');
  await held?.release();
  await (await waiting)?.release();
  expect(order).toEqual(['released', 'taken']);
  expect(existsSync(path)).toBe(false);
});

test('waiting ends when it is called off', async () => {
  const path = newPath();
  const held = await takeLock(path);
  const calledOff = new AbortController();
  const waiting = takeLock(path, { wait: true, signal: calledOff.signal });
  setTimeout(() => calledOff.abort(), 50);
  await expect(waiting).rejects.toThrow('aborted');
  await held?.release();
});

test('a process that is killed holds it no more', async () => {
  const path = newPath();
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  // Systems without /proc know a process by its number alone.
  const line = `/proc/${child.pid}/stat`;
  const begun = existsSync(line) ? readFileSync(line, 'utf8').split(') ').at(-1)?.split(' ').at(19) : undefined;
  await heldBy(path, { pid: child.pid, begun });
  expect(await takeLock(path)).toBeUndefined();
  child.kill('SIGKILL');
  await once(child, 'close');
  const lock = await takeLock(path);
  expect(lock).toBeDefined();
  await lock?.release();
  expect(readdirSync(join(path, '..'))).toEqual([]);
});

test('another process with the number of a dead one does not hold it', async () => {
  const path = newPath();
  await heldBy(path, { begun: '1' });
  const lock = await takeLock(path);
  expect(lock).toBeDefined();
  await lock?.release();
});

test.each([
  ['of another machine', (path: string) => heldBy(path, { machine: 'elsewhere' })],
  ['that is not written to its end', async (path: string) => writeFileSync(path, '{"mach')],
])('a lock %s is held as long as it is touched now and then', async (_, hold) => {
  const path = newPath();
  await hold(path);
  expect(await takeLock(path)).toBeUndefined();
  const before = new Date(Date.now() - 60_000);
  utimesSync(path, before, before);
  const lock = await takeLock(path);
  expect(lock).toBeDefined();
  await lock?.release();
});

test('of many who find a dead holder one takes its place', async () => {
  for (let round = 0; round < 20; round += 1) {
    const path = newPath();
    await heldBy(path, { pid: 2 ** 22 + 1 });
    const locks = await Promise.all(Array.from({ length: 8 }, () => takeLock(path)));
    const taken = locks.filter((lock) => lock !== undefined);
    expect(taken.length, `round ${round}`).toBe(1);
    for (const lock of taken) await lock.release();
    const after = await takeLock(path, { wait: true });
    await after?.release();
    expect(readdirSync(join(path, '..'))).toEqual([]);
  }
});

test("whoever lost it to another leaves the other's alone", async () => {
  const path = newPath();
  const lost = await takeLock(path);
  writeFileSync(path, 'another');
  await lost?.release();
  expect(readFileSync(path, 'utf8')).toBe('another');
});
