// Opens the WebGPU device that everything runs on: picks the adapter, asks for the memory limits that it has, and tells when the device is
// lost. Not here: buffers, pipelines, and what to do after a loss. Invariant: nothing is required of an adapter beyond the defaults of
// WebGPU, and never more than 8 storage buffers a stage, so what runs here runs everywhere.
import type { Forms } from '../kernels/forms.ts';
import { RetraceError } from '../protocol/errors.ts';
import { PipelineCache } from './pipelines.ts';

export interface DeviceInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** True for an adapter that computes on the CPU. */
  readonly isFallback: boolean;
}

export interface Loss {
  readonly reason: GPUDeviceLostReason;
  readonly message: string;
}

export interface Device {
  readonly device: GPUDevice;
  /** Compiled once for the device's life, whatever runs on it. */
  readonly pipelines: PipelineCache;
  readonly info: DeviceInfo;
  /** Forms of kernels that were asked for, in place of those that suit the device. */
  readonly asked?: Forms | undefined;
  /** Settles once the device is gone, also after `device.destroy()` (reason `destroyed`). */
  readonly lost: Promise<Loss>;
}

export interface DeviceOptions {
  /** `adapter` (default): the buffer sizes that the adapter offers. `default`: those that WebGPU guarantees (128 MiB a binding). */
  readonly limits?: 'adapter' | 'default';
  /** Ask for a software adapter even where there is a GPU. */
  readonly forceFallback?: boolean;
  /** Forms of kernels in place of those that suit the device (src/gpu/forms.ts). */
  readonly asked?: Forms | undefined;
}

// Dawn in Node takes its whole instance down when the GPU object is collected, also while a device of it is at work: the process then
// hangs or aborts at a random moment. Held for good; there is one a process. Can go when a device of the `webgpu` package holds it.
const held = new Set<GPU>();

/** However often a device is opened. */
const pipelinesOf = new WeakMap<GPUDevice, PipelineCache>();

/** An adapter's name for people. */
export const adapterName = ({
  vendor,
  architecture,
  device,
  description,
}: Omit<DeviceInfo, 'isFallback'> & { readonly device?: string }): string =>
  description || device || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed adapter';

const softwareDriver = /swiftshader|llvmpipe|lavapipe|basic render/i;

/** The adapter and device for compute. Errors: `no-webgpu` where there is no WebGPU at all, `no-adapter` where it has nothing to offer. */
export async function openDevice(gpu: GPU | undefined, options: DeviceOptions = {}): Promise<Device> {
  if (!gpu) {
    throw new RetraceError({
      code: 'no-webgpu',
      message: 'This browser has no WebGPU.',
      where: 'navigator.gpu',
      remedy: 'Use Chrome or Edge 121 or later, over https or on localhost. On Linux, enable chrome://flags/#enable-unsafe-webgpu.',
    });
  }
  const adapter = await gpu.requestAdapter({
    powerPreference: 'high-performance',
    ...(options.forceFallback ? { forceFallbackAdapter: true } : {}),
  });
  if (!adapter) {
    throw new RetraceError({
      code: 'no-adapter',
      message: `WebGPU is there, but it offers no ${options.forceFallback ? 'software ' : ''}adapter.`,
      where: 'requestAdapter',
      remedy: 'Turn on hardware acceleration in the browser settings and update the graphics driver; chrome://gpu names what is blocked.',
    });
  }
  const device = await adapter.requestDevice({
    label: 'retrace',
    requiredFeatures: wantedFeatures(adapter),
    requiredLimits: options.limits === 'default' ? {} : memoryLimits(adapter.limits),
  });
  held.add(gpu);
  const pipelines = pipelinesOf.get(device) ?? new PipelineCache(device);
  pipelinesOf.set(device, pipelines);
  const { vendor, architecture, description } = adapter.info;
  return {
    device,
    pipelines,
    info: { vendor, architecture, description, isFallback: isSoftware(adapter) },
    asked: options.asked,
    lost: device.lost.then(({ reason, message }) => ({ reason, message })),
  };
}

const isSoftware = ({ info }: GPUAdapter): boolean =>
  info.isFallbackAdapter || softwareDriver.test(`${info.architecture} ${info.description}`);

/** Subgroups on software drivers only, where lanes are those of the CPU: shaders/subgroups counts on 4 or 8 in a row of threads. Halves on GPUs only. */
function wantedFeatures(adapter: GPUAdapter): GPUFeatureName[] {
  const { subgroupMinSize, subgroupMaxSize } = adapter.info;
  const software = isSoftware(adapter);
  const handsOn = software && subgroupMinSize >= 4 && subgroupMaxSize <= 8;
  const wanted: GPUFeatureName[] = [
    'timestamp-query',
    ...(handsOn ? (['subgroups'] as const) : []),
    ...(software ? [] : (['shader-f16'] as const)),
  ];
  return wanted.filter((feature) => adapter.features.has(feature));
}

/** What to ask for: the adapter's own sizes in bytes. A binding must be a multiple of 4, and drivers report 2^32 - 1 as well. */
function memoryLimits(limits: GPUSupportedLimits): Record<string, number> {
  return {
    maxBufferSize: limits.maxBufferSize,
    maxStorageBufferBindingSize: Math.floor(limits.maxStorageBufferBindingSize / 4) * 4,
  };
}
