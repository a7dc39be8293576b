// Attention by length, head size and form, forward and backward: milliseconds and GFLOP/s of one example, by the clock. On a software adapter one head, every
// length up to 1,024 with heads of 64 and every head size at 256, unless shapes are named: `attention 2048x64 2048x128`. Also forms that are not for the device
// at hand. No rate of a model.

import { openGpu } from '../cli/adapter.ts';
import { type Device, openDevice } from '../src/gpu/device.ts';
import { PipelineCache } from '../src/gpu/pipelines.ts';
import { forms } from '../src/kernels/forms.ts';
import type { KernelName } from '../src/kernels/table.ts';
import { attentionCall } from '../src/measure/attention.ts';
import { jobOf } from '../src/measure/job.ts';

/** What stands together as forward or backward, with the products of [T, T, HD] that each makes. */
const directions = {
  forward: { attention: 2 },
  backward: { attention_backward_q: 3, attention_backward_kv: 4 },
} as const;

export interface AttentionRate {
  readonly direction: keyof typeof directions;
  /** Left out: the first. */
  readonly form?: string;
  readonly T: number;
  readonly HD: number;
  readonly ms: number;
  readonly gflops: number;
}

export interface AttentionReport {
  readonly device: string;
  readonly heads: number;
  readonly rates: readonly AttentionRate[];
}

const lengths = [128, 256, 512, 1024, 2048];
const headSizes = [32, 64, 80, 96, 128];

/** Milliseconds that one row is measured for, at least once after what compiles. */
const budget = 300;

/** Lengths and head sizes, as `2048x64`. */
const shapesOf = (names: readonly string[]): [T: number, HD: number][] =>
  names.map((name) => {
    const [, T = 0, HD = 0] = (name.match(/^(\d+)x(\d+)$/) ?? []).map(Number);
    if (T < 1 || HD < 4 || HD % 4 !== 0)
      throw new Error(`'${name}' is no shape: a length and a head size that is a multiple of 4, as 2048x64`);
    return [T, HD];
  });

export async function measure(gpu: GPU, named: readonly string[] = []): Promise<AttentionReport> {
  const { device, info } = await openDevice(gpu);
  const pipelines = new PipelineCache(device);
  const NH = info.isFallback ? 1 : 12;
  const all = headSizes.flatMap((HD) => lengths.map((T): [number, number] => [T, HD]));
  const usual = info.isFallback ? all.filter(([T, HD]) => (HD === 64 && T <= 1024) || T === 256) : all;
  const rates: AttentionRate[] = [];
  for (const [T, HD] of named.length > 0 ? shapesOf(named) : usual) {
    for (const direction of ['forward', 'backward'] as const) {
      const first = Object.keys(directions[direction])[0] as KernelName;
      const own = Object.entries(forms[first] ?? {}).filter(
        ([, { fits }]) => fits?.({ kernel: first, uniforms: {}, headSize: HD }) ?? true,
      );
      for (const form of [undefined, ...own.map(([name]) => name)]) {
        const ms = await time({ device, pipelines }, { direction, form, T, HD, NH });
        const products = Object.values(directions[direction]).reduce<number>((sum, each) => sum + each, 0);
        const gflops = (2 * products * NH * T * T * HD) / 1e6 / ms;
        rates.push({ direction, T, HD, ms, gflops, ...(form === undefined ? {} : { form }) });
      }
    }
  }
  device.destroy();
  return { device: info.description || `${info.vendor} ${info.architecture}`, heads: NH, rates };
}

export async function run(json: boolean, of: readonly string[]): Promise<void> {
  const report = await measure(await openGpu(), of);
  console.log(json ? JSON.stringify(report) : table(report));
}

interface Row extends Pick<AttentionRate, 'direction' | 'T' | 'HD'> {
  readonly form: string | undefined;
  readonly NH: number;
}

/** The fastest of several rounds of a direction's kernels, in milliseconds. */
async function time(device: Pick<Device, 'device' | 'pipelines'>, { direction, form, T, HD, NH }: Row): Promise<number> {
  const kernels = Object.keys(directions[direction]) as (keyof (typeof directions)['forward' | 'backward'])[];
  const calls = kernels.map((kernel) => ({ ...attentionCall(kernel, { B: 1, T, NH, HD, p: 0 }), ...(form === undefined ? {} : { form }) }));
  const job = await jobOf(device, calls);
  let fastest = Infinity;
  // The first round may compile.
  for (let round = 0, spent = 0; round < 2 || spent < budget; round++) {
    const begin = performance.now();
    job.submit(1);
    await device.device.queue.onSubmittedWorkDone();
    const ms = performance.now() - begin;
    if (round === 0) continue;
    spent += ms;
    fastest = Math.min(fastest, ms);
  }
  job.destroy();
  return fastest;
}

/** For people: a row a length and head size, two columns a direction and form. */
function table({ device, heads, rates }: AttentionReport): string {
  const nameOf = ({ direction, form }: AttentionRate) => `${direction}${form === undefined ? '' : ` ${form}`}`;
  const names = [...new Set(rates.map(nameOf))];
  const shapes = [...new Set(rates.map(({ T, HD }) => `${HD},${T}`))];
  const rows = shapes.map((shape) => [
    ...shape.split(','),
    ...names.map((name) => {
      const found = rates.find((rate) => nameOf(rate) === name && `${rate.HD},${rate.T}` === shape);
      return found ? `${found.ms.toFixed(2)} (${found.gflops.toFixed(1)})` : '';
    }),
  ]);
  const lines = [['HD', 'T', ...names], ...rows].map((cells) => cells.map((cell, i) => cell.padStart(i < 2 ? 6 : 20)).join(''));
  return [`ms (GFLOP/s) of attention on ${device}, one example, heads: ${heads}`, ...lines].join('\n');
}
