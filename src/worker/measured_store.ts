// What was measured of this browser's devices, in IndexedDB. Where storage is closed it is measured again at each visit. Not here: what is measured (src/gpu, src/measure).

import { createStore, get, set } from 'idb-keyval';
import type { MeasuredStore } from '../session/host.ts';

const store = createStore('retrace-measured', 'devices');

export const browserMeasured: MeasuredStore = {
  load: (name) => get(name, store).catch(() => undefined),
  save: (name, measured) => set(name, measured, store).catch(() => undefined),
};
