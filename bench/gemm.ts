// Rate of the three matrix products by shape and form, in GFLOP/s, at the linear layers of MiniLM-L6 and BERT-base. A rate is that of the fastest of several
// rounds, and rounds go over all products in turn: a neighbour's load then falls on all of them alike. On a software adapter there is a second
// rate, by processor time: what all cores would reach were nobody else there. It tells candidates apart where the cores are shared. No rate of
// one product in a model.

import { availableParallelism } from 'node:os';
import { openGpu } from '../cli/adapter.ts';
import { openDevice } from '../src/gpu/device.ts';
import { formsOn } from '../src/gpu/forms.ts';
import { PipelineCache, type StoredType } from '../src/gpu/pipelines.ts';
import { dispatchSize } from '../src/kernels/dispatch.ts';
import { type Forms, formSpec } from '../src/kernels/forms.ts';
import { packScalars } from '../src/kernels/scalars.ts';
import { type KernelName, kernelSpec, stepScalars, undropped } from '../src/kernels/table.ts';

export interface GemmRate {
  readonly kernel: KernelName;
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
] as const satisfies readonly (readonly [KernelName, StoredType])[];

interface Span {
  readonly ms: number;
  /** Milliseconds that the process had cores for, over the number of cores. */
  readonly busy: number;
}

type Product = Pick<GemmRate, 'kernel' | 'storedType' | 'form'>;

/** The products in their first form and in those that are for this device. */
const productsOn = (chosen: Forms): Product[] =>
  products.flatMap(([kernel, storedType]) => [
    { kernel, storedType },
    ...(chosen[kernel] ?? []).map((form) => ({ kernel, storedType, form })),
  ]);

/** Whether its form can compute a shape. */
const computes = ({ kernel, form }: Product, uniforms: Readonly<Record<string, number>>): boolean =>
  form === undefined || (formSpec(kernel, form).fits?.({ kernel, uniforms }) ?? true);

interface Job extends Omit<GemmRate, 'gflops' | 'busy_gflops'> {
  /** Encodes the product `times` over, and waits for it. */
  readonly time: (times: number) => Promise<Span>;
  readonly destroy: () => void;
}

/** Milliseconds that one product is measured for, at least once. */
const budget = 400;

/**
 * Measures every form at every shape. `chosen`: the values of M; 2048 is left out by itself on a CPU,
 * where it takes minutes and says nothing that 256 does not. Ends with the device destroyed.
 */
export async function measure(gpu: GPU, chosen?: readonly number[], shapes = [...layers, ...adapters]): Promise<GemmReport> {
  const { device, info } = await openDevice(gpu);
  const rows = chosen ?? (info.isFallback ? [32, 256] : [256, 512, 2048]);
  const pipelines = new PipelineCache(device);
  const own = productsOn(formsOn({ device, info }));
  const shaped = (M: number, K: number, N: number) => own.filter((product) => computes(product, { M, K, N }));
  // A driver may compile as late as the first dispatch.
  const first = await Promise.all(shaped(4, 4, 4).map((product) => prepare(device, pipelines, { ...product, M: 4, K: 4, N: 4 })));
  for (const job of first) await job.time(1);
  const rates: GemmRate[] = [];
  for (const M of rows) {
    for (const [K, N] of shapes) {
      const jobs = await Promise.all(shaped(M, K, N).map((product) => prepare(device, pipelines, { ...product, M, K, N })));
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

export async function run(json: boolean): Promise<void> {
  const report = await measure(await openGpu());
  console.log(json ? JSON.stringify(report) : table(report));
}

async function prepare(device: GPUDevice, pipelines: PipelineCache, job: Omit<GemmRate, 'gflops' | 'busy_gflops'>): Promise<Job> {
  const { kernel, form, storedType, M, K, N } = job;
  const chosen = form === undefined ? {} : { form };
  const pipeline = await pipelines.get({ kernel, ...chosen, storedTypes: { w: storedType } });
  const spec = kernelSpec(kernel);
  const sizes: Record<string, number> = { x: M * K, d_y: M * N, d_w: N * K, out: kernel === 'gemm_nt' ? M * N : M * K };
  sizes.w = (N * K) / (storedType === 'f16' ? 2 : 1);
  const buffers = Object.keys(spec.bindings).map((name) => filled(device, name, sizes[name] ?? 4));
  const others = { gemm_nt: undropped, gemm_nn: undropped, gemm_tn: { T: 128, first: 0 } }[kernel as (typeof products)[number][0]];
  const uniforms = { M, K, N, width: N, column: 0, ...others, alpha: 1 };
  const params = device.createBuffer({ label: 'params', size: 48, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(params, 0, packScalars(spec.uniforms, uniforms));
  buffers.push(params);
  const usage = GPUBufferUsage.UNIFORM;
  if (spec.step) buffers.push(device.createBuffer({ label: 'step', size: 4 * Object.keys(stepScalars).length, usage }));
  const layout = pipelines.bindGroupLayout(kernel);
  const bindGroup = device.createBindGroup({
    label: kernel,
    layout,
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const time = async (times: number) => {
    const encoder = device.createCommandEncoder({ label: kernel });
    const pass = encoder.beginComputePass({ label: kernel });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    for (let i = 0; i < times; i++) pass.dispatchWorkgroups(...dispatchSize({ kernel, ...chosen, uniforms }));
    pass.end();
    const commands = encoder.finish();
    const begin = performance.now();
    const before = process.cpuUsage();
    device.queue.submit([commands]);
    await device.queue.onSubmittedWorkDone();
    const ms = performance.now() - begin;
    const { user, system } = process.cpuUsage(before);
    return { ms, busy: (user + system) / 1000 / availableParallelism() };
  };
  return { ...job, time, destroy: () => buffers.forEach((buffer) => void buffer.destroy()) };
}

/** Words that are ordinary numbers as f32 and as a pair of f16 alike: denormals would cost a CPU driver extra. */
function filled(device: GPUDevice, label: string, words: number): GPUBuffer {
  const buffer = device.createBuffer({ label, size: words * 4, usage: GPUBufferUsage.STORAGE, mappedAtCreation: true });
  new Uint32Array(buffer.getMappedRange()).fill(0x3c003c00);
  buffer.unmap();
  return buffer;
}

/** For people: a row a shape, a column a product and form, on a software adapter once by the clock and once by processor time. */
function table({ device, software, rates }: GemmReport): string {
  const shapes = [...new Set(rates.map(({ M, K, N }) => `${M},${K},${N}`))].map((shape) => shape.split(','));
  const nameOf = ({ kernel, storedType, form }: Product) => `${kernel.slice(5)} ${storedType}${form === undefined ? '' : ` ${form}`}`;
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
