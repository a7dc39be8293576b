// Where the command line remembers how fast devices are: one small JSON file in the user's cache. Whatever is wrong with it, devices are measured again.
// Not here: what rates are (src/plan/time.ts).

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { type DeviceRates, rateKinds } from '../src/plan/time.ts';
import type { RatesStore } from '../src/session/host.ts';
import { ratesPath } from './hub/environment.ts';

const rate = v.pipe(v.number(), v.gtValue(0), v.finite());
const deviceRates = v.object({
  dispatch_ms: v.pipe(v.number(), v.minValue(0), v.finite()),
  full_groups: rate,
  rates: v.object(Object.fromEntries(rateKinds.map((kind) => [kind, rate]))),
});

const readAll = async (): Promise<Record<string, unknown>> => {
  try {
    const json: unknown = JSON.parse(await readFile(ratesPath(), 'utf8'));
    return typeof json === 'object' && json !== null ? { ...json } : {};
  } catch {
    return {};
  }
};

export const fileRates: RatesStore = {
  async load(device) {
    const known = v.safeParse(deviceRates, (await readAll())[device]);
    return known.success ? (known.output as DeviceRates) : undefined;
  },
  async save(device, rates) {
    try {
      await mkdir(dirname(ratesPath()), { recursive: true });
      await writeFile(ratesPath(), `${JSON.stringify({ ...(await readAll()), [device]: rates })}\n`);
    } catch {
      // A cache that can't be written costs a second of measuring at the next use.
    }
  },
};
