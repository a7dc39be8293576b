// How fast the device of a session is: measured once, when a budget first asks, and remembered by the host. Not here: how it is measured (src/measure/rates.ts).
// Invariant: a device is measured only while nothing else of the session computes on it.

import * as v from 'valibot';
import type { Device } from '../../gpu/device.ts';
import { measureRates, ratesKey } from '../../measure/rates.ts';
import { type DeviceRates, rateKinds } from '../../plan/time.ts';
import type { MeasuredStore } from '../host.ts';
import { type KnownDevice, typicalDevice } from './budget.ts';

const knownDevice = ({ device }: Device, rates: DeviceRates): KnownDevice => ({
  ...{ rates, of: 'device' },
  largest_binding: device.limits.maxStorageBufferBindingSize,
});

const rate = v.pipe(v.number(), v.gtValue(0), v.finite());
const deviceRates = v.object({
  dispatch_ms: v.pipe(v.number(), v.minValue(0), v.finite()),
  full_groups: rate,
  rates: v.object(Object.fromEntries(rateKinds.map((kind) => [kind, rate]))),
});

export class SessionRates {
  readonly #store: MeasuredStore;
  readonly #open: () => Promise<Device>;
  #measuring: Promise<KnownDevice> | undefined;

  constructor(store: MeasuredStore, open: () => Promise<Device>) {
    this.#store = store;
    this.#open = open;
  }

  /** What was measured before, here or at an earlier visit. */
  async known(): Promise<KnownDevice | undefined> {
    const device = await this.#open().catch(() => undefined);
    const kept = device && v.safeParse(deviceRates, await this.#store.load(ratesKey(device)));
    return kept?.success ? knownDevice(device as Device, kept.output as DeviceRates) : undefined;
  }

  /** The same, measured where it never was; where there is no device, a typical processor's. */
  async measured(): Promise<KnownDevice> {
    const known = await this.known();
    if (known) return known;
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = undefined;
    });
    return this.#measuring;
  }

  async #measure(): Promise<KnownDevice> {
    const device = await this.#open().catch(() => undefined);
    if (!device) return typicalDevice;
    const rates = await measureRates(device);
    await this.#store.save(ratesKey(device), rates);
    return knownDevice(device, rates);
  }
}
