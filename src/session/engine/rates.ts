// How fast the device of a session is: measured once, when a budget first asks, and remembered by the host. Not here: how it is measured (src/gpu/rates.ts).
// Invariant: a device is measured only while nothing else of the session computes on it.

import type { Device } from '../../gpu/device.ts';
import { measureRates, ratesKey } from '../../gpu/rates.ts';
import type { DeviceRates } from '../../plan/time.ts';
import type { RatesStore } from '../host.ts';
import { type KnownDevice, typicalDevice } from './budget.ts';

const knownDevice = ({ device }: Device, rates: DeviceRates): KnownDevice => ({
  ...{ rates, of: 'device' },
  largest_binding: device.limits.maxStorageBufferBindingSize,
});

export class SessionRates {
  readonly #store: RatesStore;
  readonly #open: () => Promise<Device>;
  #measuring: Promise<KnownDevice> | undefined;

  constructor(store: RatesStore, open: () => Promise<Device>) {
    this.#store = store;
    this.#open = open;
  }

  /** What was measured before, here or at an earlier visit. */
  async known(): Promise<KnownDevice | undefined> {
    const device = await this.#open().catch(() => undefined);
    const rates = device && (await this.#store.load(ratesKey(device)));
    return device && rates && knownDevice(device, rates);
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
