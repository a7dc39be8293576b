// The command that profiles a step, and the switch for measurements that it uses.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDevice } from '../src/gpu/device.ts';
import { timeDispatches } from '../src/gpu/profiler.ts';
import { profileOf } from '../src/measure/profile.ts';
import type { Profile } from '../src/protocol/profile.ts';
import { exactTimestamps, openGpu } from './adapter.ts';
import { linesOf, retrace, scratchFolder, tinyModel, topicsFile } from './testing.ts';

const folder = scratchFolder();
const run = ['profile', '--data', topicsFile(folder), '--model', tinyModel(folder), '--batch-size', '4', '--max-length', '16'];

/** What 64 copies' times are multiples of, in milliseconds, by an instance of its own. */
async function resolution(): Promise<number> {
  const { device } = await openDevice(await openGpu());
  expect(device.features.has('timestamp-query')).toBe(true);
  const module = device.createShaderModule({
    code: '@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { for (var i = 0u; i < 999u; i++) { x[id.x] = x[id.x] * 5u + i; } }',
  });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const buffer = device.createBuffer({ size: 65536, usage: 0x80 });
  const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });
  const times = await timeDispatches(
    device,
    Array.from({ length: 64 }, () => ({ pipeline, bindGroup, groups: [256, 1, 1] as const })),
  );
  const place = { phase: 'forward', section: '', path: '' };
  const calls = times.map((ms) => ({ call: { kernel: 'copy', tensors: {}, uniforms: {} } as const, place, ms }));
  return profileOf(calls, { step: 1, length: 0, timer: 'timestamps', best: { gflops: 1, gb_per_s: 1 } }).resolution_ms;
}

// Before any other test here asks for exact ones: a process does so once and for all.
test('timestamps are rounded by Dawn, and fine once a measurement has asked for it', async () => {
  expect((await resolution()) / 0.065536).toBeCloseTo(1, 3);
  exactTimestamps();
  expect(await resolution()).toBeLessThan(0.01);
});

test('a profile says where a step goes, to people and to programs, and writes a trace that has all of it', async () => {
  const file = join(folder, 'step.json');
  const json = await retrace([...run, '--method', 'lora', '--json', '--trace', file]);
  expect(json.code, json.stderr).toBe(0);
  const profile = linesOf(json).find(({ type }) => type === 'profile') as unknown as Profile;
  expect(profile).toMatchObject({ step: 3, best: { gflops: expect.any(Number), gb_per_s: expect.any(Number) } });
  expect(profile.families.map(({ name }) => name)).toEqual(expect.arrayContaining(['gemm', 'attention', 'norms', 'optimizer']));
  const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as { traceEvents: { ph: string; args: { tensors?: object } }[] };
  expect(traceEvents.filter(({ ph }) => ph === 'X')).toHaveLength(profile.dispatches);
  expect(traceEvents.some(({ args }) => JSON.stringify(args.tensors)?.includes('encoder.layer.1.attention.self.value.lora_A'))).toBe(true);

  const text = await retrace([...run, '--method', 'lora']);
  expect(text.code, text.stderr).toBe(0);
  expect(text.stdout).toMatch(/^step 3, padded to \d+ tokens: \d+ dispatches, [\d.]+ ms, each timed alone/);
  expect(text.stdout).toMatch(/family +dispatches +ms +share +begin +forward +backward +update +FLOP\/s/);
  expect(text.stdout).toMatch(/\ngemm_nt +\d+ /);
});

test('a flag that the method does not read is refused before anything is loaded', async () => {
  const { code, stderr } = await retrace([...run, '--method', 'lora', '--fraction-bits', '20']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('--fraction-bits changes nothing in lora')]);
});
