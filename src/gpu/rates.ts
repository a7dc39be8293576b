// Measures a device: how long a dispatch takes that does nothing, how many workgroups fill it, and how fast kernels of each kind are, by a few real kernels of
// the table at sizes of a small model. Takes about a second on a GPU and a few on a processor. Not here: what is predicted from it (src/plan/time.ts).
// Invariant: every buffer is freed before it returns; nothing of a run is touched.

import { dispatchSize } from '../kernels/dispatch.ts';
import { formOf } from '../kernels/forms.ts';
import { packScalars } from '../kernels/scalars.ts';
import { kernelSpec, stepScalars } from '../kernels/table.ts';
import type { DeviceRates } from '../plan/time.ts';
import { Allocator } from './allocator.ts';
import type { Device } from './device.ts';
import { formsOn } from './forms.ts';
import { kernelSource, type PipelineKey } from './pipelines.ts';

interface Sample {
  readonly key: PipelineKey;
  /** Of `rows` rows. */
  uniforms(rows: number): Readonly<Record<string, number>>;
  /** f32 elements of each binding. */
  elements(rows: number): Readonly<Record<string, number>>;
  /** Multiply-adds, or bytes read and written. */
  work(rows: number): number;
  /** Multiples of these rows are timed. */
  readonly rows: number;
}

const [C, T, NH, HD] = [384, 64, 12, 32];
const undropped = { first: 0, example: 0, site: 0, p: 0 };

const product = (kernel: 'gemm_nt' | 'gemm_nn'): Sample => ({
  key: { kernel },
  uniforms: (rows) => ({ M: rows, K: C, N: C, width: C, column: 0, alpha: 1, ...undropped }),
  elements: (rows) => ({ x: rows * C, d_y: rows * C, w: C * C, out: rows * C }),
  work: (rows) => rows * C * C,
  rows: 2 * T,
});

const weightGradient: Sample = {
  key: { kernel: 'gemm_tn' },
  uniforms: (rows) => ({ M: rows, K: C, N: C, width: C, column: 0, T, first: 0, alpha: 1 }),
  elements: (rows) => ({ d_y: rows * C, x: rows * C, d_w: C * C }),
  work: (rows) => rows * C * C,
  rows: 2 * T,
};

const attention = (kernel: 'attention' | 'attention_backward_q' | 'attention_backward_kv', products: number): Sample => ({
  key: { kernel, headSize: HD },
  uniforms: (rows) => ({ B: rows / T, T, S: T, prefix: 0, NH, first: 0, scale: 0.125, site: 0, p: 0.1 }),
  elements(rows) {
    const [whole, heads] = [rows * NH * HD, rows * NH];
    return { q: whole, k: whole, v: whole, out: whole, d_out: whole, d_q: whole, lse: heads, delta: heads, lengths: rows / T };
  },
  work: (rows) => products * rows * T * NH * HD,
  rows: T,
});

const elementwise = (kernel: 'scale_add' | 'dropout', passes: number): Sample => ({
  key: { kernel, overrides: kernel === 'scale_add' ? { WITH_F: 1 } : {} },
  uniforms: (rows) => ({ count: rows * C, alpha: 1, beta: 1, ...undropped, p: 0.1, example: T * C }),
  elements: (rows) => ({ x: rows * C, f: rows * C }),
  work: (rows) => 4 * passes * rows * C,
  rows: 4 * T,
});

const norm = (kernel: 'layer_norm' | 'layer_norm_backward', passes: number): Sample => ({
  key: { kernel },
  uniforms: (rows) => ({ N: rows, C, eps: 1e-12, ...undropped }),
  elements: (rows) => ({ x: rows * C, y: rows * C, d_y: rows * C, s: rows * C, stats: rows * 2, weight: C, bias: C }),
  work: (rows) => 4 * (passes * rows * C + 2 * rows),
  rows: 4 * T,
});

/** The kernels by which each kind of rate is measured: their work together over their time together. */
const samples: Readonly<Record<keyof DeviceRates['rates'], readonly Sample[]>> = {
  product: [product('gemm_nt'), product('gemm_nn')],
  weight_gradient: [weightGradient],
  attention: [attention('attention', 2)],
  attention_backward: [attention('attention_backward_q', 3), attention('attention_backward_kv', 4)],
  elements: [elementwise('scale_add', 3), elementwise('dropout', 2)],
  rows: [norm('layer_norm', 2), norm('layer_norm_backward', 3)],
};

const launch: Sample = {
  key: { kernel: 'clear' },
  uniforms: () => ({ count: 1 }),
  elements: () => ({ x: 64 }),
  work: () => 0,
  rows: 1,
};

/** One workgroup of a product, long enough to be seen beside its launch. */
const oneGroup: Sample = {
  key: { kernel: 'gemm_nt' },
  uniforms: () => ({ M: 32, K: 8 * C, N: 32, width: 32, column: 0, alpha: 1, ...undropped }),
  elements: () => ({ x: 32 * 8 * C, w: 32 * 8 * C, out: 32 * 32 }),
  work: () => 32 * 32 * 8 * C,
  rows: 1,
};

/** A dispatch is made larger until it takes so long, or has so many rows. */
const [longEnoughMs, mostRows] = [1, 16384];
/** So many of a kind are timed together, at least, so that what a submit takes is small beside it. */
const batchMs = 15;
/** Of which the middle one counts, for something else may run on the machine. */
const turns = 3;

/** The pipeline that a sample has on a device. */
function keyOn(device: Pick<Device, 'device' | 'info'>, { key, uniforms }: Sample, rows: number): PipelineKey {
  const form = formOf(formsOn(device), { ...key, uniforms: uniforms(rows) });
  return form === undefined ? key : { ...key, form };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

class Bench {
  readonly #device: Device;
  readonly #allocator: Allocator;

  constructor(device: Device) {
    this.#device = device;
    this.#allocator = new Allocator(device.device);
  }

  /** Milliseconds of one dispatch of so many rows, as one of many. */
  async msOf(sample: Sample, rows: number): Promise<number> {
    const { uniforms, elements } = sample;
    const { device, pipelines } = this.#device;
    const key = keyOn(this.#device, sample, rows);
    const spec = kernelSpec(key.kernel);
    const given = uniforms(rows);
    const sizes = elements(rows);
    const params = Object.fromEntries(Object.keys(spec.uniforms).map((name) => [name, given[name] ?? 0]));
    const storage = (label: string, bytes: number) => ({ label, bytes, usage: 'storage' as const, categories: { staging: bytes } });
    const uniform = (label: string) => ({ label, bytes: 256, usage: 'uniform' as const, categories: { staging: 256 } });
    const names = Object.keys(spec.bindings);
    const buffers = await this.#allocator.allocate([
      ...names.map((name) => storage(`rates ${name}`, 4 * (sizes[name] ?? 64))),
      uniform('rates params'),
      ...(spec.step ? [uniform('rates step')] : []),
    ]);
    try {
      const lengths = buffers[names.indexOf('lengths')];
      if (lengths) device.queue.writeBuffer(lengths, 0, new Uint32Array(sizes['lengths'] ?? 1).fill(T));
      device.queue.writeBuffer(buffers[names.length] as GPUBuffer, 0, packScalars(spec.uniforms, params));
      const step = buffers[names.length + 1];
      if (step)
        device.queue.writeBuffer(step, 0, packScalars(stepScalars, Object.fromEntries(Object.keys(stepScalars).map((name) => [name, 1]))));
      const pipeline = await pipelines.get(key);
      const layout = pipelines.bindGroupLayout(key.kernel);
      const bindGroup = device.createBindGroup({ layout, entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })) });
      const groups = dispatchSize({ ...key, uniforms: given });
      const timed = async (count: number): Promise<number> => {
        const begin = performance.now();
        const encoder = device.createCommandEncoder();
        const pass = encoder.beginComputePass();
        for (let i = 0; i < count; i++) {
          pass.setPipeline(pipeline);
          pass.setBindGroup(0, bindGroup);
          pass.dispatchWorkgroups(...groups);
        }
        pass.end();
        device.queue.submit([encoder.finish()]);
        await device.queue.onSubmittedWorkDone();
        return performance.now() - begin;
      };
      await timed(1);
      let count = 1;
      while (count < 512 && (await timed(count)) < batchMs) count *= 2;
      const times: number[] = [];
      for (let turn = 0; turn < turns; turn++) times.push((await timed(count)) / count);
      return median(times);
    } finally {
      for (const buffer of buffers) this.#allocator.free(buffer);
    }
  }

  /** Work and milliseconds of a dispatch that is large enough to fill the device. */
  async filled(sample: Sample, dispatch_ms: number): Promise<{ work: number; ms: number; groups: number }> {
    let { rows } = sample;
    let ms = await this.msOf(sample, rows);
    while (ms < longEnoughMs && rows < mostRows) {
      rows *= 4;
      ms = await this.msOf(sample, rows);
    }
    const groups = dispatchSize({ ...keyOn(this.#device, sample, rows), uniforms: sample.uniforms(rows) }).reduce(
      (product, own) => product * own,
      1,
    );
    return { work: sample.work(rows), ms: Math.max(ms / 10, ms - dispatch_ms), groups };
  }
}

/** The rates of this device. */
export async function measureRates(device: Device): Promise<DeviceRates> {
  const bench = new Bench(device);
  const dispatch_ms = await bench.msOf(launch, 1);
  const rates: Record<string, number> = {};
  for (const [kind, own] of Object.entries(samples)) {
    let [work, ms] = [0, 0];
    for (const sample of own) {
      const measured = await bench.filled(sample, dispatch_ms);
      work += measured.work;
      ms += measured.ms;
    }
    rates[kind] = work / ms;
  }
  const groupMs = Math.max(1e-6, (await bench.msOf(oneGroup, 1)) - dispatch_ms);
  // What is at work at a time is what is done in a millisecond times the milliseconds of one.
  const full_groups = Math.max(1, ((rates['product'] as number) / oneGroup.work(1)) * groupMs);
  return { dispatch_ms, full_groups, rates: rates as unknown as DeviceRates['rates'] };
}

/** Names a device and what was measured on it: another adapter, driver or form of these kernels has other rates. */
export function ratesKey({ device, info }: Pick<Device, 'device' | 'info'>): string {
  const { vendor, architecture, description } = info;
  let hash = 0;
  const sources = Object.values(samples).flatMap((own) =>
    own.map((sample) => kernelSource(keyOn({ device, info }, sample, sample.rows), device.features)),
  );
  for (const source of sources) for (let i = 0; i < source.length; i++) hash = (Math.imul(hash, 31) + source.charCodeAt(i)) | 0;
  return [vendor, architecture, description, (hash >>> 0).toString(16)].join(' | ');
}
