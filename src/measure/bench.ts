// Measures a device, stage by stage, each within its time: what bench:gpu does in Node and the address #bench in Chrome. Not here: what is measured (stages.ts),
// where the report goes. Invariant: whatever ends it, the report holds what was found until then, and says of every stage how it ended.

import { adapterName, type Device } from '../gpu/device.ts';
import type { BenchDevice, BenchEvent, BenchReport, BenchSizes, BenchStage } from '../protocol/bench.ts';
import { sizesNamed } from './sizes.ts';
import { type Found, stagesOf } from './stages.ts';

/** Thrown to leave a stage; no error. */
const [over, stopped] = [Symbol('over'), Symbol('stopped')];

export interface BenchRequest {
  readonly retrace: string;
  readonly sizes: BenchSizes;
  readonly adapter: GPUAdapter;
  /** Seconds for all stages together. */
  readonly budget_s: number;
  readonly signal?: AbortSignal;
  /** Hears of everything that is found at once. */
  onReport(event: Omit<BenchEvent, 'type'>): void;
}

/** Numbers that WebGPU has as getters of a prototype. */
function numbersOf(limits: object): Record<string, number> {
  const found: Record<string, number> = {};
  for (let at: object | null = limits; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null) {
    for (const key of Object.getOwnPropertyNames(at)) {
      const value = (limits as Readonly<Record<string, unknown>>)[key];
      if (typeof value === 'number') found[key] = value;
    }
  }
  return found;
}

export function describeDevice({ device, info }: Device, adapter: GPUAdapter): BenchDevice {
  const { vendor, architecture, device: part, description } = adapter.info;
  return {
    name: adapterName(adapter.info),
    software: info.isFallback,
    info: { vendor, architecture, device: part, description },
    adapter: { features: [...adapter.features].sort(), limits: numbersOf(adapter.limits) },
    features: [...device.features].sort(),
    limits: numbersOf(device.limits),
  };
}

export async function measureDevice(device: Device, request: BenchRequest): Promise<BenchReport> {
  const { retrace, sizes, adapter, budget_s, signal, onReport } = request;
  const chosen = sizesNamed[sizes]();
  const plan = stagesOf(chosen);
  const about = { retrace, sizes, began: new Date().toISOString(), device: describeDevice(device, adapter) };
  const found: Found = { products: [], forms: {}, steps: [], exact: [], learning: [] };
  const stages: BenchStage[] = [];
  const report = (): BenchReport => structuredClone({ ...about, stages, ...found });
  const tell = (now: string): void => onReport({ report: report(), now, done: stages.length, of: plan.length });
  const begin = performance.now();
  const since = (from: number): number => (performance.now() - from) / 1000;

  for (const { name, limit_s, measure } of plan) {
    const from = performance.now();
    const limit = Math.min(limit_s * chosen.patience, budget_s - since(begin));
    const end = (ended: BenchStage['ended'], error?: string): void => {
      stages.push({ name, ended, seconds: since(from), ...(error === undefined ? {} : { error }) });
    };
    if (signal?.aborted) end('stopped');
    else if (limit <= 0) end('left out');
    else {
      const next = async (what: string): Promise<void> => {
        tell(`${name}: ${what}`);
        // Whoever wants to stop it must have a turn.
        await new Promise((resolve) => setTimeout(resolve));
        if (signal?.aborted) throw stopped;
        if (since(from) > limit) throw over;
      };
      tell(name);
      try {
        await measure({ device, sizes: chosen, found, next });
        end('done');
      } catch (thrown) {
        if (thrown === stopped) end('stopped');
        else if (thrown === over) end('limit');
        else end('failed', thrown instanceof Error ? thrown.message : String(thrown));
      }
    }
    tell(name);
  }
  return report();
}
