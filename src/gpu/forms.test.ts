// Forms by name: what is asked for, what is refused, and which form a call then has.
import { expect, it } from 'vitest';
import { type FormedCall, formOf } from '../kernels/forms.ts';
import { askedForms, formsOn } from './forms.ts';

const device = (isFallback: boolean, features: string[] = []) => ({
  device: { features: new Set(features) } as unknown as GPUDevice,
  info: { vendor: '', architecture: '', description: '', isFallback },
});
const product = (kernel: FormedCall['kernel'], N: number, K: number, more = {}): FormedCall => ({
  kernel,
  uniforms: { M: 2048, N, K, T: 128, first: 0, ...more },
});

it('forms that are asked for stand in place of those of the device, wherever they fit', () => {
  const asked = askedForms('gemm_nt=tiled64, gemm_tn=lanes,gemm_tn=tiled128,column_sum=first', 'RETRACE_KERNELS');
  expect(asked).toEqual({ 'gemm_nt *': ['tiled64'], 'gemm_tn *': ['lanes', 'tiled128'], 'column_sum *': [] });
  const chosen = formsOn({ ...device(false), asked });
  expect(formOf(chosen, product('gemm_nt', 8, 768))).toBe('tiled64');
  expect(formOf(chosen, product('gemm_tn', 768, 768))).toBe('lanes');
  expect(formOf(chosen, product('gemm_tn', 7, 768))).toBe('tiled128');
  expect(formOf(chosen, { kernel: 'column_sum', uniforms: { M: 9, N: 70, T: 1, first: 0 } })).toBeUndefined();
  expect(formOf(formsOn(device(false)), { kernel: 'column_sum', uniforms: { M: 900, N: 70, T: 300, first: 0 } })).toBe('lanes');
});

it.each([
  ['gemm_nt', "'gemm_nt' names no form"],
  ['gemm_mm=tiled64', "'gemm_mm=tiled64' names no form"],
  ['gemm_nt=huge', "gemm_nt has no form 'huge'"],
  ['clear=lanes', "clear has no form 'lanes'"],
])('%s is refused', (text, message) => {
  expect(() => askedForms(text, '--kernels')).toThrow(
    expect.objectContaining({ code: 'unknown-form', where: '--kernels', message: expect.stringContaining(message) }),
  );
});

it('a form that needs what the device does not offer is refused by name', () => {
  const asked = askedForms('gemm_nt=subgroups', '--kernels');
  expect(() => formsOn({ ...device(true), asked })).toThrow('subgroups of gemm_nt needs subgroups');
  expect(formOf(formsOn({ ...device(true, ['subgroups']), asked }), product('gemm_nt', 8, 768))).toBe('subgroups');
});

it('software drivers have no form for GPUs of their own accord, and products on GPUs have the form that suits their weight', () => {
  const software = formsOn(device(true));
  const gpu = formsOn(device(false));
  for (const kernel of ['gemm_nt', 'gemm_nn', 'gemm_tn'] as const) expect(formOf(software, product(kernel, 768, 768))).toBeUndefined();
  const chosen = (kernel: FormedCall['kernel'], shapes: readonly (readonly [number, number])[]) =>
    shapes.map(([N, K]) => formOf(gpu, product(kernel, N, K)));
  expect(
    chosen('gemm_nt', [
      [8, 768],
      [64, 768],
      [384, 384],
      [768, 3072],
      [1536, 384],
      [3072, 768],
    ]),
  ).toEqual(['narrow', 'narrow', 'tiled64', 'tiled64', 'tiled128', 'tiled128']);
  expect(
    chosen('gemm_nn', [
      [768, 8],
      [384, 384],
      [384, 1536],
      [768, 3072],
    ]),
  ).toEqual(['narrow', 'tiled64', 'tiled128', 'tiled128']);
  expect(
    chosen('gemm_tn', [
      [8, 768],
      [768, 8],
      [384, 384],
      [768, 3072],
      [3072, 768],
    ]),
  ).toEqual(['lanes', 'lanes', 'tiled64', 'tiled128', 'tiled128']);
  // Where each row is an example, there are no blocks to sum.
  expect(formOf(gpu, product('gemm_tn', 8, 768, { M: 16, T: 1 }))).toBe('tiled64');
});
