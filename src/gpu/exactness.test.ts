// What must hold to the last bit on the GPU: dropout masks, the inverse of the stream coupling, and grids of more than 65535 workgroups.
import { beforeAll, expect, it } from 'vitest';
import { openGpu } from '../../cli/adapter.ts';
import { randomKey, randomU32, randomUniform } from '../random/counter.ts';
import { openDevice } from './device.ts';
import { PipelineCache } from './pipelines.ts';
import { type KernelRun, runKernel, type Words } from './testing.ts';

let run: (kernel: KernelRun) => Promise<Record<string, Words>>;

beforeAll(async () => {
  const { device } = await openDevice(await openGpu());
  const pipelines = new PipelineCache(device);
  run = (kernel) => runKernel(device, pipelines, kernel);
});

it('dropout masks are those of the counter-based generator, bit for bit', async () => {
  const count = 100_003;
  const p = 0.1;
  const step = { seed: 0xdeadbeef, micro_step: 0xfffffff0 };
  const site = 0x9e3779b9;
  const { x } = await run({ kernel: 'dropout', tensors: { x: new Float32Array(count).fill(1) }, uniforms: { count, site, p }, step });
  const key = randomKey(step.seed, step.micro_step, site);
  const dropped = Array.from({ length: count }, (_, i) => randomUniform(key, i) < Math.fround(p));
  expect(Array.from(x as Words, (value) => value === 0)).toEqual(dropped);
});

it('attention drops the probabilities that the generator names', async () => {
  const [B, T, NH, HD] = [2, 8, 2, 8];
  const size = B * T * NH * HD;
  const step = { seed: 3, micro_step: 11 };
  const [site, p] = [42, 0.5];
  // Equal keys give every probability 1 / T; value vectors of the unit basis then show which keys were kept.
  const v = new Float32Array(size);
  for (let i = 0; i < B * T * NH; i++) v[i * HD + (Math.floor(i / NH) % T)] = T * (1 - p);
  const tensors = { q: new Float32Array(size), k: new Float32Array(size), v, lengths: Uint32Array.of(T, T), out: new Float32Array(size) };
  const lse = new Float32Array(B * NH * T);
  const { out } = await run({
    kernel: 'attention',
    tensors: { ...tensors, lse },
    uniforms: { B, T, NH, scale: 1, site, p },
    step,
    headSize: HD,
  });
  const key = randomKey(step.seed, step.micro_step, site);
  const kept = Array.from({ length: size }, (_, i) => {
    const [b, t, head, j] = [Math.floor(i / (T * NH * HD)), Math.floor(i / (NH * HD)) % T, Math.floor(i / HD) % NH, i % HD];
    return randomUniform(key, ((b * NH + head) * T + t) * T + j) >= p ? 1 : 0;
  });
  expect(Array.from(out as Words, Math.round)).toEqual(kept);
});

it.each([1, 3, 8])('uncoupling returns the very stream that was coupled, SHIFT %i, a million random integers', async (SHIFT) => {
  const count = 1_000_003;
  const key = randomKey(17, SHIFT, 0);
  const x = Int32Array.from({ length: count }, (_, i) => randomU32(key, i) | 0);
  const f = Float32Array.from({ length: count }, (_, i) => 40 * (randomUniform(key, count + i) - 0.5));
  const bits = new Uint32Array(Math.ceil(count / 32) * SHIFT);
  const scale = 2 ** 20;
  const coupled = await run({
    kernel: 'stream_couple',
    tensors: { x, f, bits, status: new Uint32Array(4) },
    uniforms: { count, slot: 0, scale },
    overrides: { SHIFT, KEEP_BITS: 1 },
  });
  expect(coupled.x).not.toEqual(x);
  const back = await run({
    kernel: 'stream_uncouple',
    tensors: { y: coupled.x as Words, f, bits: coupled.bits as Words },
    uniforms: { count, scale },
    overrides: { SHIFT },
  });
  expect(Buffer.compare(Buffer.from(back.y?.buffer as ArrayBuffer), Buffer.from(x.buffer))).toBe(0);
});

it('a grid of more than 65535 workgroups reaches every element and none beyond', async () => {
  const count = 65535 * 256 + 77;
  const { x } = await run({ kernel: 'clear', tensors: { x: new Uint32Array(count).fill(7) }, uniforms: { count } });
  expect((x as Words).every((word: number) => word === 0)).toBe(true);
});
