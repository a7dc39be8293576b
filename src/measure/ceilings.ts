// What a device can do at most, by kernels of Retrace's own: the best rate of a matrix product, of a copy, and what a submit and a dispatch cost by
// themselves. By the clock, over many dispatches in a submit. Not a roofline of the hardware: no kernel here is written for the record.

import type { Device } from '../gpu/device.ts';
import { formsOn } from '../gpu/forms.ts';
import { formOf } from '../kernels/forms.ts';
import type { DeviceBest } from '../protocol/profile.ts';
import type { Job } from './job.ts';
import { copyJob, type Product, type ProductShape, productCall, productJob, products } from './product.ts';

type Opened = Pick<Device, 'device' | 'pipelines' | 'info'>;

/** A submit is to take at least this long, so that what it costs itself hardly counts. */
const enoughMs = 20;
const mostTimes = 400;

/** Milliseconds until the device has run one `job`, `times` over in a submit. */
async function spent(device: GPUDevice, job: Job, times: number): Promise<number> {
  const begin = performance.now();
  job.submit(times);
  await device.queue.onSubmittedWorkDone();
  return performance.now() - begin;
}

/** Milliseconds that one run of `job` takes: the fastest of `rounds` submits, after those that find out how many to put into one. */
export async function fastest(
  { device }: Pick<Device, 'device'>,
  job: Job,
  { rounds = 3, enough_ms = enoughMs }: { readonly rounds?: number; readonly enough_ms?: number } = {},
): Promise<number> {
  await spent(device, job, 1);
  let best = await spent(device, job, 1);
  for (let round = 0; round < rounds; round++) {
    const times = Math.max(1, Math.min(mostTimes, Math.ceil(enough_ms / best)));
    best = Math.min(best, (await spent(device, job, times)) / times);
  }
  return best;
}

/** GFLOP/s of a product in a form; undefined: the kernel's first. */
export async function productRate(device: Opened, kernel: Product, shape: ProductShape, form: string | undefined): Promise<number> {
  const job = await productJob(device, kernel, shape, { forms: { [`${kernel} *`]: form === undefined ? [] : [form] } });
  try {
    return (2 * shape.M * shape.K * shape.N) / (await fastest(device, job)) / 1e6;
  } finally {
    job.destroy();
  }
}

/** GB/s of a copy of so many bytes, which are read and written. */
export async function copyRate(device: Opened, bytes: number): Promise<number> {
  const job = await copyJob(device, bytes / 4);
  try {
    return (2 * bytes) / (await fastest(device, job)) / 1e6;
  } finally {
    job.destroy();
  }
}

/** Where the best is looked for: large layers and copies past any cache on a GPU, small ones on a processor, which takes long over the large. */
const sizesOn = ({ info }: Pick<Device, 'info'>): { readonly shapes: readonly ProductShape[]; readonly bytes: number } =>
  info.isFallback
    ? { shapes: [{ M: 256, K: 384, N: 384 }], bytes: 2 ** 23 }
    : {
        shapes: [
          { M: 2048, K: 768, N: 3072 },
          { M: 2048, K: 3072, N: 768 },
        ],
        bytes: 2 ** 27,
      };

/** The best product and the best copy. */
export async function measureBest(device: Opened): Promise<DeviceBest> {
  const { shapes, bytes } = sizesOn(device);
  let gflops = 0;
  for (const shape of shapes) {
    for (const kernel of products)
      gflops = Math.max(gflops, await productRate(device, kernel, shape, formOf(formsOn(device), productCall(kernel, shape))));
  }
  return { gflops, gb_per_s: await copyRate(device, bytes) };
}

/** Milliseconds of an empty way to the device and back, and microseconds that a dispatch adds to a submit where it has next to nothing to do. */
export async function measureOverheads(device: Opened): Promise<{ readonly round_trip_ms: number; readonly dispatch_us: number }> {
  const job = await copyJob(device, 256);
  try {
    const times: number[] = [];
    for (let turn = 0; turn < 20; turn++) times.push(await spent(device.device, job, 1));
    const round_trip_ms = times.toSorted((a, b) => a - b)[10] as number;
    const many = Math.min(await spent(device.device, job, 1000), await spent(device.device, job, 1000));
    // Milliseconds of a thousand are microseconds of one.
    return { round_trip_ms, dispatch_us: Math.max(0, many - round_trip_ms) };
  } finally {
    job.destroy();
  }
}
