// Every kernel in each of its forms against its f64 reference, on the cases of cases/. Both run on the same arrays; every binding is compared afterwards, so an
// input that was written, an output that was not, and a word behind a tensor all show.
import { beforeAll, describe, expect, it } from 'vitest';
import { f32ToF16 } from '../../src/formats/half.ts';
import type { PipelineCache } from '../../src/gpu/pipelines.ts';
import { forms } from '../../src/kernels/forms.ts';
import { type KernelName, kernelSpec, kernels, stepScalars } from '../../src/kernels/table.ts';
import { reference } from '../reference/kernels.ts';
import { testDevice } from '../testing.ts';
import { attentionCases } from './cases/attention.ts';
import type { KernelCase } from './cases/case.ts';
import { elementCases } from './cases/elements.ts';
import { headCases } from './cases/heads.ts';
import { linearCases } from './cases/linear.ts';
import { optimizerCases } from './cases/optimizer.ts';
import { recurrentCases } from './cases/recurrent.ts';
import { rowCases } from './cases/rows.ts';
import { sparseCases } from './cases/sparse.ts';
import { defaultStep, runKernel, type Words } from './testing.ts';

const cases: readonly KernelCase[] = [
  ...sparseCases,
  ...linearCases,
  ...rowCases,
  ...headCases,
  ...attentionCases,
  ...elementCases,
  ...recurrentCases,
  ...optimizerCases,
];

let device: GPUDevice;
let pipelines: PipelineCache;

beforeAll(async () => {
  ({ device, pipelines } = await testDevice());
});

/** The reference's tensors after the dispatch. Scalars go through f32, as the kernel gets them. */
function expected(test: KernelCase): Record<string, Float64Array> {
  const tensors = Object.fromEntries(Object.entries(test.tensors).map(([name, words]) => [name, Float64Array.from(words)]));
  const spec = kernelSpec(test.kernel);
  const rounded = (values: object, isFloat: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, isFloat(name) ? Math.fround(value) : value]));
  const uniforms = rounded(test.uniforms, (name) => spec.uniforms[name] === 'f32');
  const step = { ...defaultStep, ...rounded(test.step ?? {}, (name) => stepScalars[name as keyof typeof stepScalars] === 'f32') };
  reference[test.kernel](tensors, uniforms, test.overrides ?? {}, step, test.headSize ?? 0);
  return tensors;
}

const asF16 = (words: Words): Words => Uint16Array.from(words, (value) => f32ToF16(value));
const floatOf = (bits: number): number => new Float32Array(Uint32Array.of(bits).buffer)[0] as number;

/** Floats agree within `tolerance` of the largest magnitude (of 1, where all are smaller), integers exactly, readings within one rounding. */
function compare(label: string, actual: Words, wanted: Float64Array, tolerance: number): void {
  const largest = wanted.reduce((top, value) => Math.max(top, Math.abs(value)), 1);
  wanted.forEach((value, i) => {
    const got = actual[i] as number;
    if (Object.is(got, value)) return;
    const close =
      label === 'status'
        ? Math.abs(floatOf(got) / floatOf(value) - 1) < 2e-7
        : actual instanceof Float32Array && Math.abs(got - value) <= tolerance * largest;
    if (!close) expect.fail(`${label}[${i}] is ${got}, not ${value}; the largest is ${largest}`);
  });
}

/** Kernels by name, each with undefined for its first form and the names of the others. */
const rows = (Object.keys(kernels) as KernelName[]).flatMap((kernel) =>
  [undefined, ...Object.keys(forms[kernel] ?? {})].map((form) => ({
    kernel,
    form,
    name: form === undefined ? kernel : `${kernel}, ${form}`,
  })),
);

/** The first case of each kind. */
function firstOfEach(all: readonly KernelCase[], kindOf: (test: KernelCase) => string): Set<KernelCase> {
  const kinds = new Map<string, KernelCase>();
  for (const test of all) if (!kinds.has(kindOf(test))) kinds.set(kindOf(test), test);
  return new Set(kinds.values());
}
const epilogueOf = ({ overrides }: KernelCase): string => JSON.stringify(overrides ?? {});
const sizesOf = ({ uniforms, headSize }: KernelCase): string => JSON.stringify([uniforms, headSize]);

/** What is done with a sum is the same code in all forms: of the others, every size and every epilogue once. */
function forForm(all: readonly KernelCase[]): KernelCase[] {
  const [sizes, epilogues] = [firstOfEach(all, sizesOf), firstOfEach(all, epilogueOf)];
  return all.filter((test) => sizes.has(test) || epilogues.has(test));
}

describe.each(rows)('$name equals its reference', ({ kernel, form }) => {
  const spec = form === undefined ? undefined : forms[kernel]?.[form];
  const fitting = cases.filter((test) => test.kernel === kernel && (spec?.fits?.(test) ?? true));
  const own = form === undefined ? fitting : forForm(fitting).map((test) => ({ ...test, form }));
  const { stored } = kernelSpec(kernel);

  it('on every case of the table', async () => {
    expect(own.length).toBeGreaterThan(0);
    if (spec?.feature) expect(device.features.has(spec.feature), `this device must have ${spec.feature}`).toBe(true);
    for (const test of own) {
      const actual = await runKernel(device, pipelines, test);
      const wanted = expected(test);
      for (const [name, words] of Object.entries(actual)) {
        try {
          compare(name, words, wanted[name] as Float64Array, test.tolerance ?? 1e-5);
        } catch (error) {
          throw new Error(`${test.name}: ${error instanceof Error ? error.message : error}`, { cause: error });
        }
      }
    }
  });

  if (stored) {
    it('bit for bit the same with parameters stored as f16, each by itself and all', async () => {
      const names = Object.keys(stored);
      const subsets = [...(names.length > 1 ? names.map((name) => [name]) : []), names];
      for (const test of firstOfEach(own, sizesOf)) {
        const wide = await runKernel(device, pipelines, test);
        for (const halves of subsets) {
          const tensors = Object.fromEntries(
            Object.entries(test.tensors).map(([name, words]) => [name, halves.includes(name) ? asF16(words) : words]),
          );
          const narrow = await runKernel(device, pipelines, { ...test, tensors });
          for (const name of Object.keys(wide).filter((output) => !names.includes(output)))
            expect(narrow[name], `${test.name}, f16: ${halves}: ${name}`).toEqual(wide[name]);
        }
      }
    });
  }
});
