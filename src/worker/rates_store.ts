// How fast this browser's devices are, in IndexedDB. Where storage is closed they are measured again at each visit. Not here: what rates are (src/plan/time.ts).

import { createStore, get, set } from 'idb-keyval';
import type { RatesStore } from '../session/host.ts';

const store = createStore('retrace-rates', 'devices');

export const browserRates: RatesStore = {
  load: (device) => get(device, store).catch(() => undefined),
  save: (device, rates) => set(device, rates, store).catch(() => undefined),
};
