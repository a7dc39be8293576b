// A run's forms of kernels: timed once a device, remembered, and kept by a run that is gone on with.

import { expect, test } from 'vitest';
import { memoryMeasured, testDevice } from '../../../test/testing.ts';
import type { Device } from '../../gpu/device.ts';
import { formsOn } from '../../gpu/forms.ts';
import type { KernelCall } from '../../graph/op.ts';
import { Registry } from '../../graph/registry.ts';
import { formsOfRun, formsRecord, otherDeviceNote } from './run_forms.ts';

const asGpu = async (description = 'a card'): Promise<Device> => {
  const device = await testDevice();
  return { ...device, info: { ...device.info, description, isFallback: false } };
};
/** A sum over rows: it has one other form, which compiles soon. */
const [N, C] = [128, 16];
const registry = new Registry();
const tensor = (name: string, size: number) => registry.tensor({ name, shape: [size], dtype: 'f32', role: 'transient' });
const tensors = { d_y: tensor('d_y', N * C), x: tensor('x', N * C), d_l: tensor('d_l', C) };
const calls: readonly KernelCall[] = [{ kernel: 'column_dot', tensors, uniforms: { N, C, T: 64, first: 0 } }];

test('a processor has the forms that suit it, and nothing is timed', async () => {
  const device = await testDevice();
  const known = new Map<string, unknown>();
  expect(await formsOfRun(device, memoryMeasured(known))(calls)).toEqual(formsOn(device));
  expect(known.size).toBe(0);
});

test('a GPU is timed once: what is remembered is taken as it is, and what nobody knows any more is timed again', async () => {
  const device = await asGpu();
  const known = new Map<string, unknown>();
  const forms = await formsOfRun(device, memoryMeasured(known))(calls);
  expect(forms['column_dot 16']).toBeDefined();
  const [[name, kept] = ['', {}]] = [...known];
  expect(name).toContain('a card');
  const [choice = ''] = Object.keys(kept as object);

  // Another choice than the one that was measured: it was read, then.
  const another = forms['column_dot 16']?.length ? [] : ['lanes'];
  known.set(name, { [choice]: another });
  expect((await formsOfRun(device, memoryMeasured(known))(calls))['column_dot 16']).toEqual(another);
  known.set(name, { [choice]: ['a form of another version'] });
  expect((await formsOfRun(device, memoryMeasured(known))(calls))['column_dot 16']).not.toEqual(['a form of another version']);
  known.set(name, 'no such thing');
  expect((await formsOfRun(device, memoryMeasured(known))(calls))['column_dot 16']).toBeDefined();
});

test('a run that is gone on with keeps its forms, but for those that are not there any more, and says where its device is another', async () => {
  const [device, other] = [await asGpu(), await asGpu('another card')];
  const began = formsRecord(device, { 'gemm_tn 64x64': ['tiled64'], 'gemm_nt *': ['gone', 'narrow'], nothing: ['row'] });
  const forms = await formsOfRun(other, memoryMeasured(), began)(calls);
  expect(forms).toEqual({ 'gemm_tn 64x64': ['tiled64'], 'gemm_nt *': ['narrow'], nothing: [] });
  expect(otherDeviceNote(device, began)).toEqual([]);
  expect(otherDeviceNote(other, undefined)).toEqual([]);
  expect(otherDeviceNote(other, began)[0]).toMatch(/began on .*a card and continues on .*another card/);
});
