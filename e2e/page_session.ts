// The built page's worker, asked directly under the page's policy: no click, no GPU. Not here: what is asked.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { ROOT } from '../scripts/setup.mjs';
import type { ErrorReport } from '../src/protocol/errors.ts';
import type { Calls } from '../src/protocol/messages.ts';
import type { Site } from './browser.ts';

/** A tab of the page's origin with the page's worker, which has been told where the hub is. Its last event is `lastEvent` of the tab. */
export async function openSession(within: BrowserContext, site: Site, endpoint: string): Promise<Page> {
  const name = (await readdir(join(ROOT, 'dist/assets'))).find((each) => /^main-.*\.js$/.test(each));
  const page = await within.newPage();
  page.setDefaultTimeout(60_000);
  // The page itself would begin a session of its own.
  await page.goto(`${site.address}icon.svg`);
  await page.evaluate((url) => {
    const session = new Worker(url, { type: 'module' });
    let next = 0;
    const waiting = new Map<number, (said: unknown) => void>();
    session.addEventListener('message', ({ data }) => {
      if ('id' in data) waiting.get(data.id)?.(data);
      else Object.assign(globalThis, { lastEvent: data.event });
    });
    const asked = (call: string, argument: unknown) =>
      new Promise((resolve) => {
        next += 1;
        waiting.set(next, resolve);
        session.postMessage({ id: next, call, argument });
      });
    Object.assign(globalThis, { asked });
  }, `${site.address}assets/${name}`);
  await ask(page, 'hubSettings', { endpoint });
  return page;
}

/** One call; rejects with what the worker reports. */
export async function ask<K extends keyof Calls>(page: Page, call: K, argument: Calls[K]['argument']): Promise<Calls[K]['answer']> {
  const said = (await page.evaluate(
    ([name, value]) => (Reflect.get(globalThis, 'asked') as (name: string, value: unknown) => Promise<unknown>)(name, value),
    [call, argument] as const,
  )) as { ok: boolean; answer?: unknown; error?: ErrorReport };
  if (!said.ok) throw Object.assign(new Error(said.error?.message), said.error);
  return said.answer as Calls[K]['answer'];
}
