// The kernel table against the shaders: what the table says of bindings, uniforms, overrides and the work of a workgroup is what the WGSL
// says, and every kernel compiles with every value of its overrides.
import { expect, it } from 'vitest';
import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import { kernelSource, type PipelineKey } from '../../src/gpu/pipelines.ts';
import { dispatchSize } from '../../src/kernels/dispatch.ts';
import { forms } from '../../src/kernels/forms.ts';
import { packScalars } from '../../src/kernels/scalars.ts';
import { activationCode, type KernelName, kernelSpec, kernels, stepScalars } from '../../src/kernels/table.ts';
import { testDevice } from '../testing.ts';

const names = Object.keys(kernels) as KernelName[];
const shaders = Object.keys(import.meta.glob('../../shaders/*.wgsl', { query: '?raw' }));
/** The parser knows no directives, and no expressions as sizes of workgroups. */
const reflect = (kernel: KernelName, form?: string): WgslReflect =>
  new WgslReflect(
    kernelSource({ kernel, headSize: 8, ...(form === undefined ? {} : { form }) })
      .replace(/^enable .*?; diagnostic.*?;/, '')
      .replace(/@workgroup_size\(.*\)/, '@workgroup_size(1)'),
  );
const fieldsOf = (members: readonly { name: string; type: { name: string } }[]) => members.map(({ name, type }) => [name, type.name]);

it('there is one shader for each row of the table', () => {
  const files = shaders.map((path) => path.replace(/.*\/(.*)\.wgsl/, '$1')).filter((name) => name !== 'prelude');
  expect(files.sort()).toEqual([...names].sort());
});

it.each(names)('%s: the table says what the shader says', (name) => {
  const spec = kernelSpec(name);
  const { entry, storage, uniforms, overrides } = reflect(name);
  expect(entry.compute.map((kernel) => kernel.name)).toEqual([name]);
  expect(storage.map(({ name, binding, access }) => [name, binding, access])).toEqual(
    Object.entries(spec.bindings).map(([binding, access], i) => [binding, i, access]),
  );
  expect(storage.length).toBeLessThanOrEqual(8);
  const stored = [...kernelSource({ kernel: name, headSize: 8 }).matchAll(/var<storage, read> (\w+): array<Stored_(\w+)>/g)];
  expect(stored.map(([, binding, alias]) => [binding, alias])).toEqual(Object.keys(spec.stored ?? {}).map((each) => [each, each]));
  expect(overrides.map((override) => override.name)).toEqual(spec.overrides ?? []);
  const [params, step] = uniforms;
  expect([params?.name, params?.binding]).toEqual(['params', storage.length]);
  expect(fieldsOf(params?.members ?? [])).toEqual(Object.entries(spec.uniforms));
  expect(step?.name).toBe(spec.step ? 'step' : undefined);
  if (step) {
    expect(step.binding).toBe(storage.length + 1);
    expect(fieldsOf(step.members ?? [])).toEqual(Object.entries(stepScalars));
  }
  for (const factor of spec.work.flat()) if (typeof factor === 'string') expect(spec.uniforms).toHaveProperty(factor);
});

const formRows = names.flatMap((kernel) => Object.entries(forms[kernel] ?? {}).map(([form, spec]) => ({ kernel, form, spec })));

it('there is one file for each folder that a form names', () => {
  const files = Object.keys(import.meta.glob('../../shaders/*/*.wgsl', { query: '?raw' }))
    .map((path) => path.replace('../../shaders/', ''))
    .filter((path) => !path.endsWith('/prelude.wgsl'));
  expect(files.sort()).toEqual([...new Set(formRows.map(({ kernel, form, spec }) => `${spec.folder ?? form}/${kernel}.wgsl`))].sort());
});

it.each(formRows)('$kernel, $form: an entry point and the constants that the table names, and no more', ({ kernel, form, spec }) => {
  const { entry, storage, overrides } = reflect(kernel, form);
  expect(entry.compute.map(({ name }) => name)).toEqual([kernel]);
  expect(storage).toHaveLength(Object.keys(kernelSpec(kernel).bindings).length);
  const own = Object.keys(spec.constants ?? {});
  expect(overrides.map(({ name }) => name).sort()).toEqual([...(kernelSpec(kernel).overrides ?? []), ...own].sort());
  for (const factor of spec.work?.flat() ?? []) if (typeof factor === 'string') expect(kernelSpec(kernel).uniforms).toHaveProperty(factor);
});

/** All values that an override can have. */
const valuesOf = (override: string): readonly number[] =>
  ({ ACTIVATION: Object.values(activationCode), SHIFT: [0, 1, 2, 3, 4, 8], MODE: [0, 1, 2] })[override] ?? [0, 1];

const combinations = (overrides: readonly string[]): Record<string, number>[] =>
  overrides.reduce<Record<string, number>[]>(
    (all, name) => all.flatMap((chosen) => valuesOf(name).map((value) => ({ ...chosen, [name]: value }))),
    [{}],
  );

const files = import.meta.glob<string>('../../shaders/*/*.wgsl', { query: '?raw', import: 'default', eager: true });

/**
 * All overrides with one stored type and head size, all of those with the overrides at their first values: they do not meet in a shader. Of a form, overrides that
 * its own file names; the rest it has from the kernel's file, and stored types are those of its cases.
 */
function keysOf(kernel: KernelName, form?: string): PipelineKey[] {
  const { overrides = [], stored, head } = kernelSpec(kernel);
  const own = form === undefined ? undefined : files[`../../shaders/${forms[kernel]?.[form]?.folder ?? form}/${kernel}.wgsl`];
  const named = own === undefined ? overrides : overrides.filter((name) => new RegExp(`\\b${name}\\b`).test(own));
  const types = own === undefined ? Object.keys(stored ?? {}) : [];
  const first = { kernel, headSize: head ? 32 : 0, ...(form === undefined ? {} : { form }) };
  return [
    ...combinations(named).map((values) => ({ ...first, overrides: values })),
    ...types.map((binding) => ({ ...first, storedTypes: { [binding]: 'f16' as const } })),
    ...(head ? [4, 80].map((headSize) => ({ ...first, headSize })) : []),
  ];
}

it('every kernel compiles with every value of its overrides, stored type and head size', async () => {
  const { pipelines } = await testDevice();
  for (const { kernel, form } of [...names.map((name) => ({ kernel: name, form: undefined })), ...formRows]) {
    const compiled = await Promise.allSettled(keysOf(kernel, form).map((key) => pipelines.get(key)));
    expect(compiled.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))).toEqual([]);
  }
}, 300_000);

it('a parameter stored as f16 is read as such where the device can, and by two at a time elsewhere', () => {
  const halves = new Set(['shader-f16']);
  const narrow: PipelineKey = { kernel: 'gemm_nt', form: 'subgroups', storedTypes: { w: 'f16' } };
  expect(kernelSource(narrow)).toContain('alias Stored_w = vec2u;');
  expect(kernelSource(narrow, halves)).toMatch(/^enable subgroups;.* enable f16; /);
  expect(kernelSource(narrow, halves)).toContain('alias Stored_w = vec4<f16>;');
  expect(kernelSource({ kernel: 'gemm_nt_ragged', storedTypes: { w: 'f16' } }, halves)).toContain('alias Stored_w = f16;');
  expect(kernelSource({ kernel: 'gemm_nt' }, halves)).toBe(kernelSource({ kernel: 'gemm_nt' }));
});

it('a key gives the same pipeline whatever the order of its overrides', async () => {
  const { pipelines } = await testDevice();
  const [one, other] = await Promise.all([
    pipelines.get({ kernel: 'gemm_nn', overrides: { ACTIVATION: 1, ACCUMULATE: 0 } }),
    pipelines.get({ kernel: 'gemm_nn', overrides: { ACCUMULATE: 0, ACTIVATION: 1 }, storedTypes: { w: 'f32' } }),
  ]);
  expect(one).toBe(other);
});

it('an override that the shader does not have is named with the kernel and its file', async () => {
  const { pipelines } = await testDevice();
  await expect(pipelines.get({ kernel: 'clear', overrides: { SHIFT: 1 } })).rejects.toMatchObject({
    code: 'shader',
    message: expect.stringContaining('clear SHIFT=1'),
    where: 'shaders/clear.wgsl',
  });
});

it('dispatches cover the work, and fold into y past 65535 workgroups', () => {
  expect(dispatchSize({ kernel: 'gemm_nt', uniforms: { M: 33, N: 64 } })).toEqual([2, 2, 1]);
  expect(dispatchSize({ kernel: 'clear', uniforms: { count: 65535 * 256 } })).toEqual([65535, 1, 1]);
  expect(dispatchSize({ kernel: 'clear', uniforms: { count: 65535 * 256 + 1 } })).toEqual([65535, 2, 1]);
  expect(dispatchSize({ kernel: 'square_sum', uniforms: { count: 5, sums: 1024 } })).toEqual([16, 1, 1]);
});

it('scalars are packed in table order, and a missing or unknown field is refused', () => {
  const bytes = packScalars({ count: 'u32', alpha: 'f32', label: 'i32' }, { alpha: 0.5, label: -1, count: 3 });
  expect([...new Uint32Array(bytes)]).toEqual([3, 0x3f000000, 0xffffffff]);
  expect(() => packScalars({ count: 'u32' }, {})).toThrow('count is missing');
  expect(() => packScalars({ count: 'u32' }, { count: 1, size: 2 })).toThrow('no uniform field size');
});
