import { expect, test, vi } from 'vitest';
import { describeAdapter, firstWithAdapter, openGpu } from './adapter.ts';

test('an adapter is found and named without any environment variable', async () => {
  const adapter = await (await openGpu()).requestAdapter();
  expect(adapter).not.toBeNull();
  if (adapter !== null) expect(describeAdapter(adapter).name).not.toBe('');
});

test('Dawn rests between two looks at what is pending, and others have their turn at once', async () => {
  const gpu = await openGpu();
  const later = vi.spyOn(globalThis, 'setTimeout');
  const adapter = await gpu.requestAdapter();
  await adapter?.requestDevice();
  expect(later.mock.calls.map(([, ms]) => ms)).toContain(1);
  later.mockClear();
  const turn = vi.fn();
  setImmediate(turn);
  await new Promise((resolve) => setImmediate(resolve.bind(null)));
  expect(turn).toHaveBeenCalledOnce();
  expect(later).not.toHaveBeenCalled();
  later.mockRestore();
});

test('an adapter that computes on the CPU is called software', () => {
  const info = { vendor: 'mesa', architecture: '', device: 'llvmpipe (LLVM 15.0.6, 256 bits)', description: '', isFallbackAdapter: false };
  expect(describeAdapter({ info } as GPUAdapter)).toEqual({ name: info.device, software: true });
  const real = { ...info, vendor: 'nvidia', architecture: 'ampere', device: '', description: '' };
  expect(describeAdapter({ info: real } as GPUAdapter)).toEqual({ name: 'nvidia ampere', software: false });
});

test('where no driver has an adapter the error says what to install', async () => {
  const withoutAdapter = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
  const remedy = expect.stringContaining('apt-get install chromium');
  await expect(firstWithAdapter([() => null, () => withoutAdapter])).rejects.toMatchObject({ code: 'no-adapter', remedy });
});
