// Rate of the three matrix products by shape and form, in GFLOP/s, at the linear layers of MiniLM-L6 and BERT-base. A rate is that of the fastest of several
// rounds, and rounds go over all products in turn: a neighbour's load then falls on all of them alike. On a software adapter there is a second
// rate, by processor time: what all cores would reach were nobody else there. It tells candidates apart where the cores are shared. `gemm FORM...` measures these
// forms in place of those that are for the device, so that forms for GPUs can be tried on a software adapter. No rate of one product in a model.

import { availableParallelism } from 'node:os';
import { openGpu } from '../cli/adapter.ts';
import { type Device, openDevice } from '../src/gpu/device.ts';
import { formsOn } from '../src/gpu/forms.ts';
import { PipelineCache, type StoredType } from '../src/gpu/pipelines.ts';
import { formSpec, forms } from '../src/kernels/forms.ts';
import { type Product, type ProductShape, productCall, productJob } from '../src/measure/product.ts';

export interface GemmRate {
  readonly kernel: Product;
  /** Left out: the first. */
  readonly form?: string;
  readonly storedType: StoredType;
  readonly M: number;
  readonly K: number;
  readonly N: number;
  readonly gflops: number;
  /** As `gflops`, but of the process's time on all cores instead of the clock's; a GPU's work does not show in it. */
  readonly busy_gflops: number;
}

export interface GemmReport {
  readonly device: string;
  readonly software: boolean;
  readonly rates: readonly GemmRate[];
}

const layers: readonly (readonly [K: number, N: number])[] = [
  [384, 384],
  [384, 1536],
  [1536, 384],
  [768, 768],
  [768, 3072],
  [3072, 768],
];
/** Down and up of an adapter beside MiniLM. */
const adapters: typeof layers = [
  [384, 8],
  [8, 384],
];
const products = [
  ['gemm_nt', 'f32'],
  ['gemm_nt', 'f16'],
  ['gemm_nn', 'f32'],
  ['gemm_nn', 'f16'],
  ['gemm_tn', 'f32'],
] as const satisfies readonly (readonly [Product, StoredType])[];

interface Span {
  readonly ms: number;
  /** Milliseconds that the process had cores for, over the number of cores. */
  readonly busy: number;
}

type Formed = Pick<GemmRate, 'kernel' | 'storedType' | 'form'>;

/** The products in their first form and in the others that are named; without names, in those that are for the device. */
function productsIn(names: readonly string[], device: Pick<Device, 'device' | 'info'>): Formed[] {
  const formsOf = (kernel: (typeof products)[number][0]) => Object.keys(forms[kernel] ?? {});
  const unknown = names.find((name) => !products.some(([kernel]) => formsOf(kernel).includes(name)));
  if (unknown !== undefined)
    throw new Error(
      `No product has a form '${unknown}'; there are ${[...new Set(products.flatMap(([kernel]) => formsOf(kernel)))].join(', ')}.`,
    );
  const chosen = formsOn(device);
  return products.flatMap(([kernel, storedType]) => [
    { kernel, storedType },
    ...(names.length > 0 ? formsOf(kernel).filter((form) => names.includes(form)) : (chosen[kernel] ?? [])).map((form) => ({
      kernel,
      storedType,
      form,
    })),
  ]);
}

/** Whether its form can compute a shape. */
const computes = ({ kernel, form }: Formed, shape: ProductShape): boolean =>
  form === undefined || (formSpec(kernel, form).fits?.(productCall(kernel, shape)) ?? true);

interface Job extends Omit<GemmRate, 'gflops' | 'busy_gflops'> {
  /** Encodes the product `times` over, and waits for it. */
  readonly time: (times: number) => Promise<Span>;
  readonly destroy: () => void;
}

/** Milliseconds that one product is measured for, at least once. */
const budget = 400;

/**
 * Measures every form at every shape, or the forms of these names. `chosen`: the values of M; 2048 is left out by itself on a CPU,
 * where it takes minutes and says nothing that 256 does not. Ends with the device destroyed.
 */
export async function measure(
  gpu: GPU,
  chosen?: readonly number[],
  shapes = [...layers, ...adapters],
  names: readonly string[] = [],
): Promise<GemmReport> {
  const { device, info } = await openDevice(gpu);
  const rows = chosen ?? (info.isFallback ? [32, 256] : [256, 512, 2048]);
  const opened = { device, pipelines: new PipelineCache(device) };
  const own = productsIn(names, { device, info });
  const shaped = (M: number, K: number, N: number) => own.filter((product) => computes(product, { M, K, N }));
  // A driver may compile as late as the first dispatch.
  const first = await Promise.all(shaped(4, 4, 4).map((product) => prepare(opened, { ...product, M: 4, K: 4, N: 4 })));
  for (const job of first) await job.time(1);
  const rates: GemmRate[] = [];
  for (const M of rows) {
    for (const [K, N] of shapes) {
      const jobs = await Promise.all(shaped(M, K, N).map((product) => prepare(opened, { ...product, M, K, N })));
      const fastest = jobs.map(() => ({ ms: Infinity, busy: Infinity }));
      let spent = 0;
      while (spent < budget * jobs.length) {
        for (const [i, { time }] of jobs.entries()) {
          const known = fastest[i] as Span;
          // A product of a millisecond is repeated until a submit takes some 30: the submit costs too.
          const once = info.isFallback ? known.busy : known.ms;
          const times = Number.isFinite(once) ? Math.max(1, Math.min(200, Math.round(30 / once))) : 1;
          const { ms, busy } = await time(times);
          spent += ms;
          fastest[i] = { ms: Math.min(known.ms, ms / times), busy: Math.min(known.busy, busy / times) };
        }
      }
      jobs.forEach(({ time: _, destroy, ...job }, i) => {
        const { ms, busy } = fastest[i] as Span;
        const megaflops = (2 * M * K * N) / 1e6;
        rates.push({ ...job, gflops: megaflops / ms, busy_gflops: megaflops / busy });
        destroy();
      });
    }
  }
  device.destroy();
  return { device: info.description || `${info.vendor} ${info.architecture}`, software: info.isFallback, rates };
}

/** The best rate of any form at a few shapes of MiniLM, GFLOP/s: what a step of a model is compared with. */
export async function bestGemmRate(): Promise<number> {
  const { rates } = await measure(await openGpu(), [256, 512], layers.slice(0, 3));
  return Math.max(...rates.map(({ gflops }) => gflops));
}

export async function run(json: boolean, of: readonly string[]): Promise<void> {
  const report = await measure(await openGpu(), undefined, undefined, of);
  console.log(json ? JSON.stringify(report) : table(report));
}

async function prepare(device: Pick<Device, 'device' | 'pipelines'>, job: Omit<GemmRate, 'gflops' | 'busy_gflops'>): Promise<Job> {
  const { submit, destroy } = await productJob(device, job.kernel, job, {
    storedType: job.storedType,
    ...(job.form === undefined ? {} : { forms: { [`${job.kernel} *`]: [job.form] } }),
  });
  const time = async (times: number) => {
    const begin = performance.now();
    const before = process.cpuUsage();
    submit(times);
    await device.device.queue.onSubmittedWorkDone();
    const ms = performance.now() - begin;
    const { user, system } = process.cpuUsage(before);
    return { ms, busy: (user + system) / 1000 / availableParallelism() };
  };
  return { ...job, time, destroy };
}

/** For people: a row a shape, a column a product and form, on a software adapter once by the clock and once by processor time. */
function table({ device, software, rates }: GemmReport): string {
  const shapes = [...new Set(rates.map(({ M, K, N }) => `${M},${K},${N}`))].map((shape) => shape.split(','));
  const nameOf = ({ kernel, storedType, form }: Formed) => `${kernel.slice(5)} ${storedType}${form === undefined ? '' : ` ${form}`}`;
  const names = [...new Set(rates.map(nameOf))];
  const rows = (name: string, of: (rate: GemmRate) => number): string[][] => [
    [`${name}:`],
    ['M', 'K', 'N', ...names],
    ...shapes.map((shape) => [
      ...shape,
      ...names.map((product) => {
        const found = rates.find((rate) => nameOf(rate) === product && `${rate.M},${rate.K},${rate.N}` === shape.join());
        return found ? of(found).toFixed(2) : '';
      }),
    ]),
  ];
  const all = [...rows('by the clock', ({ gflops }) => gflops), ...(software ? rows('by processor time', (rate) => rate.busy_gflops) : [])];
  const widths = ['M', 'K', 'N', ...names].map((name) => Math.max(8, name.length + 2));
  const lines = all.map((cells) => cells.map((cell, i) => cell.padStart(widths[i] ?? 8)).join(''));
  return [`GFLOP/s on ${device}${software ? ' (software)' : ''}`, ...lines].join('\n');
}
