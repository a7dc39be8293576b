// Each fault of the double as Node's fetch meets it, and that rules are spent where they should be.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type FaultRule, type HubDouble, startHubDouble } from './server.ts';

const weights = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 256);
let hub: HubDouble;
let removes: (() => void)[] = [];
beforeAll(async () => {
  hub = await startHubDouble();
  hub.add({ id: 'a/b', files: { 'model.bin': weights, 'config.json': '{"model_type":"bert"}' } });
});
afterEach(() => {
  for (const remove of removes) remove();
  removes = [];
});
afterAll(() => hub.close());

const fault = (rule: FaultRule) => void removes.push(hub.fault(rule));
const get = (path: string, headers: Record<string, string> = {}, signal?: AbortSignal) =>
  fetch(`${hub.endpoint}/a/b/resolve/main/${path}`, { headers, ...(signal && { signal }) });
const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

/** What arrives before the body ends or breaks. */
async function arrived(response: Response): Promise<{ bytes: number[]; broke: boolean }> {
  const bytes: number[] = [];
  try {
    for await (const chunk of response.body ?? []) bytes.push(...chunk);
    return { bytes, broke: false };
  } catch {
    return { bytes, broke: true };
  }
}

test('a status with headers, so many times as the rule says', async () => {
  fault({
    match: { path: /config/ },
    times: 2,
    fault: { kind: 'status', status: 429, headers: { 'Retry-After': '3' }, body: 'slow down' },
  });
  const first = await get('config.json');
  expect([first.status, first.headers.get('retry-after'), await first.text()]).toEqual([429, '3', 'slow down']);
  expect([(await get('config.json')).status, (await get('config.json')).status]).toEqual([429, 200]);
});

test('a rule looks at host, path, method and range, and ends when it is removed', async () => {
  const remove = hub.fault({
    match: { host: 'cdn', path: /model\.bin/, method: 'GET', range: true },
    fault: { kind: 'status', status: 503 },
  });
  expect((await get('config.json', { Range: 'bytes=0-1' })).status).toBe(206);
  expect((await get('model.bin')).status).toBe(200);
  expect((await get('model.bin', { Range: 'bytes=0-1' })).status).toBe(503);
  remove();
  expect((await get('model.bin', { Range: 'bytes=0-1' })).status).toBe(206);
});

test('a cut names the full length and breaks after some bytes; the redirect before it does not spend the rule', async () => {
  fault({ match: { path: /model/ }, times: 1, fault: { kind: 'cut', after: 123 } });
  const response = await get('model.bin');
  expect(response.headers.get('content-length')).toBe('1000');
  expect(await arrived(response)).toEqual({ bytes: [...weights.slice(0, 123)], broke: true });
  expect(await bytesOf(await get('model.bin'))).toEqual(weights);
});

test('with cuts at every tenth byte, who goes on where it was has the file in the end', async () => {
  fault({ fault: { kind: 'cut-every', bytes: 10 } });
  const all: number[] = [];
  for (let i = 0; i < 200 && all.length < 200; i += 1) {
    const { bytes } = await arrived(await get('model.bin', { Range: `bytes=${all.length}-199` }));
    expect(bytes.length).toBeLessThanOrEqual(10);
    all.push(...bytes);
  }
  expect(all).toEqual([...weights.slice(0, 200)]);
});

test('ranges ignored', async () => {
  fault({ fault: { kind: 'ignore-range' } });
  const response = await get('model.bin', { Range: 'bytes=5-9' });
  expect([response.status, response.headers.get('content-range')]).toEqual([200, null]);
  expect(await bytesOf(response)).toEqual(weights);
});

test('a slow drip', async () => {
  fault({ match: { host: 'cdn' }, fault: { kind: 'slow', bytes: 100, everyMs: 10 } });
  const began = performance.now();
  expect(await bytesOf(await get('model.bin'))).toEqual(weights);
  expect(performance.now() - began).toBeGreaterThan(90);
});

test('a slow drip of pieces that fill the buffer comes to its end', async () => {
  hub.add({ id: 'a/wide', files: { 'model.bin': new Uint8Array(400_000).fill(3) } });
  fault({ match: { host: 'cdn' }, fault: { kind: 'slow', bytes: 40_000, everyMs: 5 } });
  const response = await fetch(`${hub.endpoint}/a/wide/resolve/main/model.bin`);
  expect((await bytesOf(response)).length).toBe(400_000);
});

test('a stall sends no more and does not end', async () => {
  fault({ match: { host: 'cdn' }, fault: { kind: 'stall', after: 50 } });
  const controller = new AbortController();
  const reading = arrived(await get('model.bin', {}, controller.signal));
  expect(await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, 100, 'still there'))])).toBe('still there');
  controller.abort();
  expect(await reading).toEqual({ bytes: [...weights.slice(0, 50)], broke: true });
});

test.each([7, -7])('a length that is %i off', async (by) => {
  fault({ match: { host: 'cdn' }, fault: { kind: 'wrong-length', by } });
  const whole = await get('model.bin');
  expect(whole.headers.get('content-length')).toBe(String(1000 + by));
  expect((await bytesOf(whole)).length).toBe(1000 + by);
  const part = await get('model.bin', { Range: 'bytes=10-19' });
  expect(part.headers.get('content-range')).toBe(`bytes 10-19/${1000 + by}`);
  expect(await bytesOf(part)).toEqual(weights.slice(10, 20));
});

test('other bytes of the same length', async () => {
  fault({ match: { host: 'cdn' }, fault: { kind: 'wrong-bytes' } });
  const got = await bytesOf(await get('model.bin'));
  expect(got.length).toBe(1000);
  expect(got.every((byte, i) => byte !== weights[i])).toBe(true);
});

test('the page of a captive portal', async () => {
  fault({ fault: { kind: 'html' } });
  const response = await get('config.json');
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html']);
  expect(await response.text()).toContain('<!doctype html>');
});

test('a connection that is refused, which the list of requests shows without a status', async () => {
  fault({ fault: { kind: 'refuse' } });
  hub.clearRequests();
  await expect(get('config.json')).rejects.toThrow();
  expect(hub.requests[0]).toMatchObject({ status: 0, sent: 0 });
});

test('the double ends while an answer is stalled', async () => {
  const other = await startHubDouble();
  other.add({ id: 'a/b', files: { 'config.json': '{}' } });
  other.fault({ fault: { kind: 'stall', after: 1 } });
  const reading = arrived(await fetch(`${other.endpoint}/a/b/resolve/main/config.json`));
  await other.close();
  expect(await reading).toMatchObject({ broke: true });
});
