// A run's forms of kernels: timed once a device, remembered, and kept by a run that is gone on with.

import { expect, test } from 'vitest';
import { memoryMeasured, testDevice } from '../../../test/testing.ts';
import type { Device } from '../../gpu/device.ts';
import { formsOn } from '../../gpu/forms.ts';
import { productCall } from '../../measure/product.ts';
import { formsOfRun, formsRecord, otherDeviceNote } from './run_forms.ts';

const asGpu = async (description = 'a card'): Promise<Device> => {
  const device = await testDevice();
  return { ...device, info: { ...device.info, description, isFallback: false } };
};
const calls = [productCall('gemm_tn', { M: 32, K: 64, N: 64 })];

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
  expect(forms['gemm_tn 64x64']).toBeDefined();
  const [[name, kept] = ['', {}]] = [...known];
  expect(name).toContain('a card');
  const [choice = ''] = Object.keys(kept as object);

  // Another choice than the one that was measured: it was read, then.
  known.set(name, { [choice]: ['tiled64'] });
  expect((await formsOfRun(device, memoryMeasured(known))(calls))['gemm_tn 64x64']).toEqual(['tiled64']);
  known.set(name, { [choice]: ['a form of another version'] });
  expect((await formsOfRun(device, memoryMeasured(known))(calls))['gemm_tn 64x64']).not.toEqual(['a form of another version']);
  known.set(name, 'no such thing');
  expect((await formsOfRun(device, memoryMeasured(known))(calls))['gemm_tn 64x64']).toBeDefined();
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
