// Compiles the kernels of the table: composes a shader from its file, that of its form and the prelude, makes bind group layouts from the table, and keeps
// one pipeline per (kernel, form, overrides, stored types, head size). Not here: buffers, bind groups, dispatch. Invariant: layouts come from the
// table alone, so a shader that disagrees with it fails to compile instead of reading the wrong buffer.
import type { KernelCall } from '../graph/op.ts';
import { formSpec } from '../kernels/forms.ts';
import type { KernelSpec } from '../kernels/kernel_spec.ts';
import { type KernelName, kernelSpec } from '../kernels/table.ts';
import { RetraceError } from '../protocol/errors.ts';

const files = import.meta.glob<string>('../../shaders/*.wgsl', { query: '?raw', import: 'default', eager: true });
const formFiles = import.meta.glob<string>('../../shaders/*/*.wgsl', { query: '?raw', import: 'default', eager: true });

export type StoredType = 'f32' | 'f16';

export interface PipelineKey {
  readonly kernel: KernelName;
  /** Left out: the first. */
  readonly form?: string;
  readonly overrides?: Readonly<Record<string, number>>;
  /** How each of the `stored` bindings holds its numbers; f32 where left out. */
  readonly storedTypes?: Readonly<Record<string, StoredType>>;
  /** Elements of one attention head, a multiple of 4; needed by the kernels marked `head`. */
  readonly headSize?: number;
}

/** The pipeline of a call. */
export function pipelineKeyOf({ kernel, form, tensors, overrides = {}, headSize }: KernelCall): PipelineKey {
  const halves = Object.keys(kernelSpec(kernel).stored ?? {}).filter((name) => tensors[name]?.dtype === 'f16');
  return {
    ...{ kernel, overrides },
    ...(form === undefined ? {} : { form }),
    ...(halves.length > 0 ? { storedTypes: Object.fromEntries(halves.map((name) => [name, 'f16' as const])) } : {}),
    ...(headSize === undefined ? {} : { headSize }),
  };
}

/** Element type of a stored binding, and its i-th vec4f or f32, by how many numbers are read at a time. f16 needs no optional feature; where the device has it, it is read as such. */
const storedForms: Readonly<
  Record<StoredType | 'shader-f16', Readonly<Record<1 | 4, (name: string) => readonly [element: string, read: string]>>>
> = {
  f32: { 1: (name) => ['f32', `${name}[i]`], 4: (name) => ['vec4f', `${name}[i]`] },
  f16: {
    1: (name) => ['u32', `unpack2x16float(${name}[i / 2u])[i % 2u]`],
    4: (name) => ['vec2u', `vec4f(unpack2x16float(${name}[i].x), unpack2x16float(${name}[i].y))`],
  },
  'shader-f16': { 1: (name) => ['f16', `f32(${name}[i])`], 4: (name) => ['vec4<f16>', `vec4f(${name}[i])`] },
};

/** The alias of a stored binding's elements and the function that reads it. */
function storedBinding(name: string, width: 1 | 4, type: keyof typeof storedForms): string {
  const [element, read] = storedForms[type][width](name);
  return `alias Stored_${name} = ${element};\nfn read_${name}(i: u32) -> ${width === 4 ? 'vec4f' : 'f32'} { return ${read}; }\n`;
}

function shaderFile(name: string): string {
  const text = files[`../../shaders/${name}.wgsl`];
  if (text === undefined) throw new Error(`shaders/${name}.wgsl is missing`);
  return text;
}

/** Where the entry point begins; what stands before it is of all forms. */
const ENTRY = /^@compute/m;

/** Directives that optional features need at the top of a shader, before the comment that its file opens with. */
const directives = { 'shader-f16': 'enable f16; ', subgroups: 'enable subgroups; diagnostic(off, subgroup_uniformity); ' } as const;

/** A form's file, what the kernel's file declares for all forms, and the prelude of the form's folder. */
function formParts(kernel: KernelName, form: string): string[] {
  const { folder = form } = formSpec(kernel, form);
  const text = formFiles[`../../shaders/${folder}/${kernel}.wgsl`];
  if (text === undefined) throw new Error(`shaders/${folder}/${kernel}.wgsl is missing`);
  const shared = shaderFile(kernel);
  const prelude = formFiles[`../../shaders/${folder}/prelude.wgsl`] ?? '';
  return [text, shared.slice(0, shared.search(ENTRY)), prelude];
}

/**
 * The WGSL of a kernel in a form, for a device with these features. The file comes first, the prelude and the aliases after it, so that line numbers of errors are those
 * of the file.
 */
export function kernelSource(key: PipelineKey, features: ReadonlySet<string> = new Set()): string {
  const spec = kernelSpec(key.kernel);
  const parts = [...(key.form === undefined ? [shaderFile(key.kernel)] : formParts(key.kernel, key.form)), shaderFile('prelude')];
  const feature = key.form === undefined ? undefined : formSpec(key.kernel, key.form).feature;
  const used = new Set<keyof typeof directives>(feature ? [feature] : []);
  for (const [name, width] of Object.entries(spec.stored ?? {})) {
    const type = key.storedTypes?.[name] ?? 'f32';
    const asHalves = type === 'f16' && features.has('shader-f16');
    if (asHalves) used.add('shader-f16');
    parts.push(storedBinding(name, width, asHalves ? 'shader-f16' : type));
  }
  if (spec.head) {
    const size = key.headSize;
    if (size === undefined || size <= 0 || size % 4 !== 0)
      throw new Error(`${key.kernel} needs a head size that is a multiple of 4, not ${size}`);
    parts.push(`const HD4 = ${size / 4}u;\nalias HeadVector = array<vec4f, HD4>;\n`);
  }
  return [...used].map((name) => directives[name]).join('') + parts.join('\n');
}

/** A short name of what these pipelines are made of on a device with these features: another shader gives another. */
export function checksumOf(keys: readonly PipelineKey[], features: ReadonlySet<string>): string {
  let hash = 0;
  for (const source of keys.map((key) => kernelSource(key, features)))
    for (let i = 0; i < source.length; i++) hash = (Math.imul(hash, 31) + source.charCodeAt(i)) | 0;
  return (hash >>> 0).toString(16);
}

/** GPUShaderStage.COMPUTE; no global, so that layouts can be made where WebGPU was not opened. */
const COMPUTE_STAGE = 4;

/** Bindings 0..k-1 are the tensors in table order, k is `params`, k + 1 is `step` where the kernel reads it. */
export function layoutEntries(spec: KernelSpec): GPUBindGroupLayoutEntry[] {
  const types: GPUBufferBindingType[] = Object.values(spec.bindings).map((access) => (access === 'read' ? 'read-only-storage' : 'storage'));
  types.push('uniform');
  if (spec.step) types.push('uniform');
  return types.map((type, binding) => ({ binding, visibility: COMPUTE_STAGE, buffer: { type } }));
}

export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #layouts = new Map<KernelName, GPUBindGroupLayout>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Starts to compile at once and in parallel with others; the same key gives the same pipeline. Error `shader` with file and line. */
  get(key: PipelineKey): Promise<GPUComputePipeline> {
    const label = pipelineLabel(key);
    let pipeline = this.#pipelines.get(label);
    if (!pipeline) {
      pipeline = this.#compile(key, label);
      this.#pipelines.set(label, pipeline);
    }
    return pipeline;
  }

  /** The layout of bind group 0 of every pipeline of this kernel. */
  bindGroupLayout(kernel: KernelName): GPUBindGroupLayout {
    let layout = this.#layouts.get(kernel);
    if (!layout) {
      layout = this.#device.createBindGroupLayout({ label: kernel, entries: layoutEntries(kernelSpec(kernel)) });
      this.#layouts.set(kernel, layout);
    }
    return layout;
  }

  async #compile(key: PipelineKey, label: string): Promise<GPUComputePipeline> {
    const module = this.#module(key);
    const layout = this.#device.createPipelineLayout({ label, bindGroupLayouts: [this.bindGroupLayout(key.kernel)] });
    try {
      return await this.#device.createComputePipelineAsync({
        label,
        layout,
        compute: { module, entryPoint: key.kernel, constants: { ...key.overrides, ...constantsOf(key) } },
      });
    } catch (thrown) {
      throw await shaderError(key, module, thrown);
    }
  }

  #module(key: PipelineKey): GPUShaderModule {
    const label = moduleLabel(key);
    let module = this.#modules.get(label);
    if (!module) {
      module = this.#device.createShaderModule({ label, code: kernelSource(key, this.#device.features) });
      this.#modules.set(label, module);
    }
    return module;
  }
}

const constantsOf = ({ kernel, form }: PipelineKey): Readonly<Record<string, number>> =>
  (form === undefined ? undefined : formSpec(kernel, form).constants) ?? {};

function moduleLabel({ kernel, form, storedTypes, headSize }: PipelineKey): string {
  const spec = kernelSpec(kernel);
  const stored = Object.keys(spec.stored ?? {}).map((name) => `${name} ${storedTypes?.[name] ?? 'f32'}`);
  const variant = [...(form === undefined ? [] : [form]), ...stored, ...(spec.head ? [`head ${headSize}`] : [])];
  return [kernel, ...variant].join(' ');
}

/** What a pipeline is called in the browser's messages, and its key in the cache: independent of the order of overrides. */
export function pipelineLabel(key: PipelineKey): string {
  const overrides = Object.entries(key.overrides ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return [moduleLabel(key), ...overrides.map(([name, value]) => `${name}=${value}`)].join(' ');
}

async function shaderError(key: PipelineKey, module: GPUShaderModule, thrown: unknown): Promise<RetraceError> {
  const { messages } = await module.getCompilationInfo();
  const first = messages.find((message) => message.type === 'error');
  const reason = first?.message ?? (thrown instanceof Error ? thrown.message : String(thrown));
  const source = first ? (kernelSource(key).split('\n')[first.lineNum - 1] ?? '').trim() : '';
  return new RetraceError({
    code: 'shader',
    message: `The kernel ${pipelineLabel(key)} does not compile: ${reason}${source ? ` in "${source}"` : ''}`,
    where: `shaders/${key.form === undefined ? '' : `${formSpec(key.kernel, key.form).folder ?? key.form}/`}${key.kernel}.wgsl${first ? `:${first.lineNum}:${first.linePos}` : ''}`,
    remedy: 'This is a fault in Retrace or in the graphics driver. Update the browser and the driver; if it stays, please report it.',
  });
}
