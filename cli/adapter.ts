// Opens WebGPU in Node (Dawn) and finds an adapter by itself: the system's GPU, else the software driver that Chromium carries.
// Not a device and not for the page. Invariant: no environment variable is needed and no process is started again. A process that
// has used Dawn must end by process.exit: its threads keep the event loop alive.
import { existsSync, readdirSync } from 'node:fs';
import { constants, homedir } from 'node:os';
import { join } from 'node:path';
import { create, globals } from 'webgpu';
import { softwareVulkanFolders } from '../scripts/browser.mjs';
import { adapterName } from '../src/gpu/device.ts';
import { RetraceError } from '../src/protocol/errors.ts';
import { restWhilePolling } from './polling.ts';

/** What every instance of Dawn is made with. */
let dawnFlags: readonly string[] = [];

/**
 * For measurements, before the first GPU is opened: from then on timestamps are as fine as the device gives them. By itself Dawn rounds them to 65.5 µs, as
 * browsers must before pages that spy, and most dispatches of a GPU take less.
 */
export function exactTimestamps(): void {
  dawnFlags = ['disable-dawn-features=timestamp_quantization'];
}

/** A GPU whose requestAdapter() gives an adapter. Throws RetraceError 'no-adapter' where neither a driver nor a Chromium is found. */
export async function openGpu(): Promise<GPU> {
  Object.assign(globalThis, globals);
  const gpu = await firstWithAdapter(systemHasDriver() ? [systemGpu, softwareGpu] : [softwareGpu, systemGpu]);
  const adapter = await gpu.requestAdapter();
  // A processor that draws needs its cores; before a GPU a millisecond at every wait is lost.
  if (adapter !== null && describeAdapter(adapter).software) restWhilePolling();
  return gpu;
}

/** The first of `attempts` that has an adapter; an attempt that cannot even be made gives null. Throws as openGpu. */
export async function firstWithAdapter(attempts: readonly (() => GPU | null)[]): Promise<GPU> {
  for (const attempt of attempts) {
    const gpu = attempt();
    if (gpu !== null && (await gpu.requestAdapter()) !== null) return gpu;
  }
  throw new RetraceError({
    code: 'no-adapter',
    message:
      'No WebGPU adapter: this machine has no GPU driver that Dawn can use, and no Chromium whose software driver could serve instead.',
    remedy:
      "Install your GPU's Vulkan driver, or Google Chrome or Chromium (Debian: apt-get install chromium), which brings a software one.",
  });
}

/** A name for people, and whether it computes on the CPU (slow). */
export function describeAdapter(adapter: GPUAdapter): { name: string; software: boolean } {
  const { architecture, device, description, isFallbackAdapter } = adapter.info;
  const software = isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${architecture} ${device} ${description}`);
  return { name: adapterName(adapter.info), software };
}

function systemGpu(): GPU {
  return create([...dawnFlags]);
}

function softwareGpu(): GPU | null {
  const folder = process.platform === 'linux' ? softwareVulkanFolders()[0] : undefined;
  if (folder === undefined) return null;
  keepLoaded(join(folder, 'libvulkan.so.1'));
  process.env.VK_ICD_FILENAMES = join(folder, 'vk_swiftshader_icd.json');
  return create([...dawnFlags]);
}

/**
 * Loads a shared library for the rest of the process, so that Dawn's dlopen("libvulkan.so.1") finds it by its SONAME although it lies
 * on no search path. Node refuses it as an addon and closes it again; RTLD_NODELETE (0x1000 on Linux) is what makes it stay.
 */
function keepLoaded(library: string): void {
  const RTLD_NODELETE = 0x1000;
  try {
    process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL | RTLD_NODELETE);
  } catch {
    // Always thrown: "Module did not self-register". Whether the library serves shows in requestAdapter().
  }
}

/** Whether the Vulkan loader would find any driver. Asking Dawn first would print its complaint on stderr at every start. */
function systemHasDriver(): boolean {
  if (process.platform !== 'linux') return true;
  if (process.env.VK_ICD_FILENAMES !== undefined || process.env.VK_DRIVER_FILES !== undefined) return true;
  const shared = (process.env.XDG_DATA_DIRS ?? '/usr/local/share:/usr/share').split(':');
  const roots = ['/etc', '/usr/local/etc', process.env.XDG_DATA_HOME ?? join(homedir(), '.local/share'), ...shared];
  return roots
    .map((root) => join(root, 'vulkan', 'icd.d'))
    .some((folder) => existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.json')));
}
