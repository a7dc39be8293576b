// Times dispatches one by one: by GPU timestamps where the device offers them, else by the clock around each. For measurements; a profile is far
// slower than a run. Chrome rounds timestamps to 100 µs unless its developer features are on, and Dawn to 65.5 µs unless it is told not to (cli/adapter.ts).

export interface Timed {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly groups: readonly [number, number, number];
  /** In the unit of `most`; left out: none. */
  readonly work?: number;
}

// GPUBufferUsage, whose global is absent in Node.
const QUERY_RESOLVE = 0x200;
const COPY_SRC = 0x4;
const COPY_DST = 0x8;
const MAP_READ = 0x1;

/** Dispatches of one query set, which holds at most 4096 timestamps. */
const perSet = 2048;

function encode(pass: GPUComputePassEncoder, { pipeline, bindGroup, groups }: Timed): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...groups);
  pass.end();
}

async function byTimestamps(device: GPUDevice, dispatches: readonly Timed[]): Promise<number[]> {
  const size = dispatches.length * 16;
  const querySet = device.createQuerySet({ label: 'profile', type: 'timestamp', count: dispatches.length * 2 });
  const resolved = device.createBuffer({ label: 'profile', size, usage: QUERY_RESOLVE | COPY_SRC });
  const readable = device.createBuffer({ label: 'profile readback', size, usage: MAP_READ | COPY_DST });
  const encoder = device.createCommandEncoder({ label: 'profile' });
  for (const [i, dispatch] of dispatches.entries()) {
    const timestampWrites = { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
    encode(encoder.beginComputePass({ timestampWrites }), dispatch);
  }
  encoder.resolveQuerySet(querySet, 0, dispatches.length * 2, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, readable, 0, size);
  device.queue.submit([encoder.finish()]);
  await readable.mapAsync(1 /* GPUMapMode.READ */);
  const stamps = new BigUint64Array(readable.getMappedRange().slice(0));
  for (const resource of [querySet, resolved, readable]) resource.destroy();
  return dispatches.map((_, i) => Number((stamps[2 * i + 1] as bigint) - (stamps[2 * i] as bigint)) / 1e6);
}

async function byClock(device: GPUDevice, dispatches: readonly Timed[]): Promise<number[]> {
  const times: number[] = [];
  await device.queue.onSubmittedWorkDone();
  for (const dispatch of dispatches) {
    const begin = performance.now();
    const encoder = device.createCommandEncoder();
    encode(encoder.beginComputePass(), dispatch);
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    times.push(performance.now() - begin);
  }
  return times;
}

/** Milliseconds of each dispatch, in order; a submit has at most so much work, or one dispatch. */
export async function timeDispatches(device: GPUDevice, dispatches: readonly Timed[], most = Number.POSITIVE_INFINITY): Promise<number[]> {
  if (!device.features.has('timestamp-query')) return byClock(device, dispatches);
  const times: number[] = [];
  while (times.length < dispatches.length) {
    const begin = times.length;
    let end = begin;
    for (let work = 0; end < Math.min(dispatches.length, begin + perSet); end++) {
      work += dispatches[end]?.work ?? 0;
      if (end > begin && work > most) break;
    }
    times.push(...(await byTimestamps(device, dispatches.slice(begin, end))));
  }
  return times;
}
