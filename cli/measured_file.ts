// Where the command line remembers what it measured of devices: one small JSON file in the user's cache. Whatever is wrong with it, devices are measured again.
// Not here: what is measured (src/gpu, src/measure).

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { MeasuredStore } from '../src/session/host.ts';
import { measuredPath } from './hub/environment.ts';

const readAll = async (): Promise<Record<string, unknown>> => {
  try {
    const json: unknown = JSON.parse(await readFile(measuredPath(), 'utf8'));
    return typeof json === 'object' && json !== null ? { ...json } : {};
  } catch {
    return {};
  }
};

export const fileMeasured: MeasuredStore = {
  load: async (name) => (await readAll())[name],
  async save(name, measured) {
    try {
      await mkdir(dirname(measuredPath()), { recursive: true });
      await writeFile(measuredPath(), `${JSON.stringify({ ...(await readAll()), [name]: measured })}\n`);
    } catch {
      // A cache that can't be written costs a second of measuring at the next use.
    }
  },
};
