// Measures a device: how long a dispatch takes that does nothing, how many workgroups fill it, and how fast kernels of each kind are, by a few real kernels of
// the table at sizes of a small model. Takes about a second on a GPU and a few on a processor. Not here: what is predicted from it (src/plan/time.ts).
// Invariant: every buffer is freed before it returns; nothing of a run is touched.

import type { Device } from '../gpu/device.ts';
import { formsOn } from '../gpu/forms.ts';
import { checksumOf, pipelineKeyOf } from '../gpu/pipelines.ts';
import type { KernelCall } from '../graph/op.ts';
import { inForm } from '../kernels/forms.ts';
import { undropped } from '../kernels/table.ts';
import type { DeviceRates } from '../plan/time.ts';
import { median } from '../protocol/median.ts';
import { attentionCall } from './attention.ts';
import { jobOf, standIn } from './job.ts';
import { type Product, productCall } from './product.ts';

interface Sample {
  /** Of `rows` rows. */
  call(rows: number): KernelCall;
  /** Multiply-adds, or bytes read and written. */
  work(rows: number): number;
  /** Multiples of these rows are timed. */
  readonly rows: number;
}

const [C, T, NH, HD] = [384, 64, 12, 32];

const product = (kernel: Product): Sample => ({
  call: (rows) => productCall(kernel, { M: rows, K: C, N: C }),
  work: (rows) => rows * C * C,
  rows: 2 * T,
});

const attention = (kernel: 'attention' | 'attention_backward_q' | 'attention_backward_kv', products: number): Sample => ({
  call: (rows) => attentionCall(kernel, { B: rows / T, T, NH, HD, p: 0.1 }),
  work: (rows) => products * rows * T * NH * HD,
  rows: T,
});

const scaleAdd: Sample = {
  call: (rows) => ({
    kernel: 'scale_add',
    tensors: { x: standIn('x', rows * C), f: standIn('f', rows * C) },
    uniforms: { count: rows * C, alpha: 1, beta: 1 },
    overrides: { WITH_F: 1 },
  }),
  work: (rows) => 4 * 3 * rows * C,
  rows: 4 * T,
};

const dropout: Sample = {
  call: (rows) => ({
    kernel: 'dropout',
    tensors: { x: standIn('x', rows * C) },
    uniforms: { count: rows * C, ...undropped, p: 0.1, example: T * C },
  }),
  work: (rows) => 4 * 2 * rows * C,
  rows: 4 * T,
};

const normBytes = (passes: number, rows: number): number => 4 * (passes * rows * C + 2 * rows);
const columns = () => ({ weight: standIn('weight', C), bias: standIn('bias', C) });

const norm: Sample = {
  call: (rows) => ({
    kernel: 'layer_norm',
    tensors: { ...columns(), x: standIn('x', rows * C), y: standIn('y', rows * C), stats: standIn('stats', rows * 2) },
    uniforms: { N: rows, C, eps: 1e-12, ...undropped },
  }),
  work: (rows) => normBytes(2, rows),
  rows: 4 * T,
};

const normGradient: Sample = {
  call: (rows) => ({
    kernel: 'layer_norm_backward',
    tensors: {
      weight: standIn('weight', C),
      d_y: standIn('d_y', rows * C),
      s: standIn('s', rows * C),
      stats: standIn('stats', rows * 2),
    },
    uniforms: { N: rows, C, ...undropped, scale: 1 },
  }),
  work: (rows) => normBytes(3, rows),
  rows: 4 * T,
};

/** The kernels by which each kind of rate is measured: their work together over their time together. */
const samples: Readonly<Record<keyof DeviceRates['rates'], readonly Sample[]>> = {
  product: [product('gemm_nt'), product('gemm_nn')],
  weight_gradient: [product('gemm_tn')],
  attention: [attention('attention', 2)],
  attention_backward: [attention('attention_backward_q', 3), attention('attention_backward_kv', 4)],
  elements: [scaleAdd, dropout],
  rows: [norm, normGradient],
};

const launch: KernelCall = { kernel: 'clear', tensors: { x: standIn('x', 64) }, uniforms: { count: 1 } };

/** One workgroup of a product, long enough to be seen beside its launch. */
const oneGroup = { M: 32, K: 8 * C, N: 32 };

/** A dispatch is made larger until it takes so long, or has so many rows. */
const [longEnoughMs, mostRows] = [1, 16384];
/** So many of a kind are timed together, at least, so that what a submit takes is small beside it. */
const batchMs = 15;
/** Of which the middle one counts, for something else may run on the machine. */
const turns = 3;

/** Milliseconds of one dispatch, as one of many. */
async function msOf(device: Device, call: KernelCall): Promise<number> {
  const job = await jobOf(device, [inForm(call, formsOn(device))]);
  try {
    const timed = async (count: number): Promise<number> => {
      const begin = performance.now();
      job.submit(count);
      await device.device.queue.onSubmittedWorkDone();
      return performance.now() - begin;
    };
    await timed(1);
    let count = 1;
    while (count < 512 && (await timed(count)) < batchMs) count *= 2;
    const times: number[] = [];
    for (let turn = 0; turn < turns; turn++) times.push((await timed(count)) / count);
    return median(times) as number;
  } finally {
    job.destroy();
  }
}

/** Work and milliseconds of a dispatch that is large enough to fill the device. */
async function filled(device: Device, sample: Sample, dispatch_ms: number): Promise<{ work: number; ms: number }> {
  let { rows } = sample;
  let ms = await msOf(device, sample.call(rows));
  while (ms < longEnoughMs && rows < mostRows) {
    rows *= 4;
    ms = await msOf(device, sample.call(rows));
  }
  return { work: sample.work(rows), ms: Math.max(ms / 10, ms - dispatch_ms) };
}

/** The rates of this device. */
export async function measureRates(device: Device): Promise<DeviceRates> {
  const dispatch_ms = await msOf(device, launch);
  const rates: Record<string, number> = {};
  for (const [kind, own] of Object.entries(samples)) {
    let [work, ms] = [0, 0];
    for (const sample of own) {
      const measured = await filled(device, sample, dispatch_ms);
      work += measured.work;
      ms += measured.ms;
    }
    rates[kind] = work / ms;
  }
  const groupMs = Math.max(1e-6, (await msOf(device, productCall('gemm_nt', oneGroup))) - dispatch_ms);
  // What is at work at a time is what is done in a millisecond times the milliseconds of one.
  const groupWork = oneGroup.M * oneGroup.K * oneGroup.N;
  const full_groups = Math.max(1, ((rates['product'] as number) / groupWork) * groupMs);
  return { dispatch_ms, full_groups, rates: rates as unknown as DeviceRates['rates'] };
}

/** Names a device and what was measured on it: another adapter, driver or form of these kernels has other rates. */
export function ratesKey({ device, info }: Pick<Device, 'device' | 'info'>): string {
  const { vendor, architecture, description } = info;
  const calls = Object.values(samples).flatMap((own) => own.map(({ call, rows }) => inForm(call(rows), formsOn({ device, info }))));
  return [vendor, architecture, description, checksumOf(calls.map(pipelineKeyOf), device.features)].join(' | ');
}
