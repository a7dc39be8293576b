// Measures the session's device for #bench: what bench:gpu does in Node. Not here: what is measured (src/measure).

import type { Device } from '../gpu/device.ts';
import { measureDevice } from '../measure/bench.ts';
import type { BenchReport, BenchSizes } from '../protocol/bench.ts';
import { RetraceError } from '../protocol/errors.ts';
import type { RunEvent } from '../protocol/messages.ts';
import { version } from './adapters/version.ts';
import type { Host } from './host.ts';
import type { Gate } from './run/gate.ts';

/** Seconds for all stages. */
const budget_s = 330;

/** Until its end, a stop, or the loss of the device. Error: `no-adapter`. */
export async function measureHost(
  { host, device, emit, gate }: { host: Host; device: Device; emit(event: RunEvent): void; gate: Gate },
  sizes: BenchSizes,
): Promise<BenchReport> {
  const adapter = await (await host.gpu())?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter)
    throw new RetraceError({
      code: 'no-adapter',
      message: 'The device is open, but its adapter does not say what it is.',
      where: 'requestAdapter',
      remedy: 'Reload the page.',
    });
  const measuring = measureDevice(device, {
    ...{ retrace: version, sizes, adapter, budget_s, signal: gate.signal },
    onReport: (event) => emit({ type: 'bench', ...event }),
  });
  return Promise.race([measuring, device.lost.then(() => Promise.reject(new Error('device lost')))]);
}
