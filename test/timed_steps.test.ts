// A step that is timed dispatch by dispatch leaves the bits of one that is not, wherever a part of the model lives, and nothing comes into its middle. What a
// profile says of it sums up to the whole, in the table and in the trace.

import { expect, test } from 'vitest';
import { openGpu } from '../cli/adapter.ts';
import { type Device, openDevice } from '../src/gpu/device.ts';
import { dispatchSize } from '../src/kernels/dispatch.ts';
import { familyOf, kernelFamilies } from '../src/kernels/families.ts';
import { kernels } from '../src/kernels/table.ts';
import { measureBest } from '../src/measure/ceilings.ts';
import { profileOf } from '../src/measure/profile.ts';
import { traceOf } from '../src/measure/trace.ts';
import { bytesBound, multiplyAdds } from '../src/plan/work.ts';
import type { MethodName, PolicyName } from '../src/protocol/config.ts';
import { smallChoices, smallShape } from './outcome.ts';
import { randomBatch, randomModel } from './random_model.ts';
import { testDevice, testEngine } from './testing.ts';

const [B, T] = [3, 9];
const batch = (step: number) => randomBatch(step, B, T, smallShape.vocab_size, 5);

const engineOf = async (method: MethodName, policy: PolicyName, device?: Device) =>
  testEngine({
    ...(device ? { device } : {}),
    ...{ model: await randomModel(smallShape), method, policy, options: smallChoices, pooling: 'mean', num_labels: 5, batch_size: B },
    ...{ lengths: [T], training: { dropout: 0.1, warmup_ratio: 0, learning_rate: 1e-2 } },
  });

test('every kernel has a family, and every family a kernel', () => {
  expect(Object.keys(familyOf).sort()).toEqual(Object.keys(kernels).sort());
  expect([...new Set(Object.values(familyOf))].sort()).toEqual([...kernelFamilies].sort());
});

test.each([
  ['meft1', 'reversible'],
  ['full', 'checkpoint'],
  ['sparse_meft', 'store'],
] as const)(
  '%s under %s: a step that is timed, with a prediction in its middle, leaves the bits of one that is not',
  async (method, policy) => {
    const plain = await engineOf(method, policy);
    for (const step of [0, 1, 2]) await plain.trainer.step(step, [batch(step)]);
    const expected = await plain.trainer.save(3);
    const logits = await plain.trainer.outputs(batch(7));
    plain.executor.destroy();

    const timed = await engineOf(method, policy);
    await timed.trainer.step(0, [batch(0)]);
    const [{ calls, ...result }] = await Promise.all([
      timed.trainer.timedStep(1, [batch(1)]),
      timed.trainer.outputs(batch(7)),
      timed.trainer.step(2, [batch(2)]),
    ]);
    expect(result).toMatchObject({ step: 2, tokens: batch(1).tokens });
    expect(await timed.trainer.save(3)).toEqual(expected);
    expect(await timed.trainer.outputs(batch(7))).toEqual(logits);
    const planned = ['begin', `training ${T}`, 'update'].flatMap((name) => timed.executor.plan.programs.get(name)?.lowered.nodes ?? []);
    expect(calls.map(({ call }) => call)).toEqual(planned.flatMap((node) => node.calls));
    timed.executor.destroy();
  },
);

/** Held as long as its device is at work, which `openDevice` can't do through what stands before it here. */
let gpu: GPU | undefined;

/** A device that offers no timestamps: it is waited for after each dispatch, so whatever can come between two of them does. */
async function deviceWithoutTimestamps(): Promise<Device> {
  gpu = await openGpu();
  const adapter = (await gpu.requestAdapter()) as GPUAdapter;
  const { info, limits } = adapter;
  const plain = { info, limits, features: new Set(), requestDevice: (asked: GPUDeviceDescriptor) => adapter.requestDevice(asked) };
  return openDevice({ requestAdapter: async () => plain } as unknown as GPU);
}

test('timed by the clock, a step with a prediction and another step in its middle leaves the bits of one alone', async () => {
  const device = await deviceWithoutTimestamps();
  const alone = await engineOf('bitfit', 'store', device);
  expect(alone.executor.timer).toBe('clock');
  for (const step of [0, 1]) await alone.trainer.step(step, [batch(step)]);
  const expected = await alone.trainer.save(2);
  alone.executor.destroy();
  const timed = await engineOf('bitfit', 'store', device);
  const [{ calls }] = await Promise.all([
    timed.trainer.timedStep(0, [batch(0)]),
    timed.trainer.outputs(batch(7)),
    timed.trainer.step(1, [batch(1)]),
  ]);
  for (const { ms } of calls) expect(ms).toBeGreaterThan(0);
  expect(await timed.trainer.save(2)).toEqual(expected);
  timed.executor.destroy();
});

test('a profile names every dispatch once by family, kernel and phase, and its trace is one slice for each, one behind the other', async () => {
  const { trainer, executor } = await engineOf('meft1', 'reversible');
  const { calls } = await trainer.timedStep(0, [batch(0)]);
  const best = await measureBest(await testDevice());
  expect(best.gflops).toBeGreaterThan(0);
  expect(best.gb_per_s).toBeGreaterThan(0);
  const profile = profileOf(calls, { step: 1, length: T, timer: executor.timer, best });
  executor.destroy();

  expect(profile.dispatches).toBe(calls.length);
  expect(profile.ms).toBeGreaterThan(0);
  for (const rows of [profile.families, profile.kernels]) {
    expect(rows.reduce((sum, { dispatches }) => sum + dispatches, 0)).toBe(calls.length);
    expect(rows.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(profile.ms, 6);
    expect(rows.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
    for (const { ms, phases } of rows) expect(Object.values(phases).reduce((sum, own) => sum + own, 0)).toBeCloseTo(ms, 6);
    expect(rows.map(({ ms }) => ms)).toEqual(rows.map(({ ms }) => ms).toSorted((a, b) => b - a));
  }
  expect([...new Set(profile.families.flatMap(({ phases }) => Object.keys(phases)))].sort()).toEqual([
    'backward',
    'begin',
    'forward',
    'update',
  ]);
  const families = new Map(profile.families.map((row) => [row.name, row]));
  for (const name of ['gemm', 'attention', 'norms', 'streams', 'loss', 'optimizer'])
    expect(families.get(name)?.dispatches, name).toBeGreaterThan(0);
  const products = calls.filter(({ call }) => familyOf[call.kernel] === 'gemm');
  const gemm = families.get('gemm');
  expect((gemm?.gflops ?? 0) * (gemm?.ms ?? 0) * 1e6).toBeCloseTo(
    products.reduce((sum, { call }) => sum + 2 * multiplyAdds(call), 0),
    -2,
  );

  const { traceEvents } = JSON.parse(traceOf(calls, 'random, meft1, reversible')) as {
    traceEvents: readonly { ph: string; name: string; tid: number; ts: number; dur: number; args: Record<string, unknown> }[];
  };
  const tracks = new Map(traceEvents.filter(({ name }) => name === 'thread_name').map(({ tid, args }) => [tid, args['name']]));
  const slices = traceEvents.filter(({ ph }) => ph === 'X');
  expect(slices.map(({ name, tid }) => [name, tracks.get(tid)])).toEqual(calls.map(({ call, place }) => [call.kernel, place.phase]));
  for (const [i, slice] of slices.entries()) {
    const before = slices[i - 1];
    if (before) expect(slice.ts).toBeCloseTo(before.ts + before.dur, 6);
    const { call } = calls[i] as (typeof calls)[number];
    expect(slice.args).toMatchObject({
      workgroups: dispatchSize(call),
      bytes: bytesBound(call),
      overrides: call.overrides ?? {},
    });
  }
  const query = slices.find(({ args }) => args['module'] === 'encoder.layer.0.attention.self.query');
  expect(query?.args['tensors']).toMatchObject({
    w: expect.stringMatching(/^encoder\.layer\.0\.attention\.self\.query\.weight: f32\[32, 32\]$/),
  });
});

test('bytes of a lookup are those of its rows, not of its table', () => {
  const tensor = (shape: readonly number[]) => ({ id: 0, name: '', shape, dtype: 'f32', role: 'transient' }) as const;
  const [ids, table, h] = [tensor([8]), tensor([30522, 384]), tensor([8, 384])];
  expect(bytesBound({ kernel: 'embedding', tensors: { ids, table, h }, uniforms: {} })).toBe(4 * (8 + 2 * 8 * 384));
  expect(bytesBound({ kernel: 'scale_add', tensors: { x: h, f: h }, uniforms: {} })).toBe(4 * 2 * 8 * 384);
});
