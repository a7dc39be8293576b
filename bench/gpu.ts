// `npm run bench:gpu`: what a GPU makes of Retrace, in at most six minutes, as one JSON file and one page of Markdown that grow while it goes on. A thin entry:
// what is measured lives in src/measure, which the address #bench runs in Chrome. Needs no network, no model and no data: weights and texts are drawn.

import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exactTimestamps, openGpu } from '../cli/adapter.ts';
import { openDevice } from '../src/gpu/device.ts';
import { measureDevice } from '../src/measure/bench.ts';
import type { BenchReport } from '../src/protocol/bench.ts';
import { RetraceError } from '../src/protocol/errors.ts';
import { version } from '../src/session/adapters/version.ts';
import { benchMarkdown } from './gpu_report.ts';

/** Seconds for the stages, and until the process ends whatever the device does. */
const [budget_s, end_s] = [330, 358];

const usage = `Usage: npm run bench:gpu -- [--out DIR] [--tiny]
  --out DIR  where bench.json and bench.md go (default: .cache/bench-gpu)
  --tiny     the same stages in small: a minute or two on a processor, to try them out`;

/** A reader finds the file before or the file after, never half of one. */
function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}

/** Gives the exit code: 1 where a stage failed or bits differ, 2 for wrong usage. */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      out: { type: 'string', default: join('.cache', 'bench-gpu') },
      tiny: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  exactTimestamps();
  const gpu = await openGpu();
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  const device = await openDevice(gpu);
  if (device.info.isFallback && !values.tiny)
    throw new RetraceError({
      code: 'software-adapter',
      message: `${device.info.description || device.info.vendor} computes on the processor; these sizes would take it hours.`,
      where: 'requestAdapter',
      remedy: "Install the GPU's driver, or add --tiny to try the stages out.",
    });
  mkdirSync(values.out, { recursive: true });
  const [json, markdown] = [join(values.out, 'bench.json'), join(values.out, 'bench.md')];
  const write = (report: BenchReport): void => {
    replaceFile(json, `${JSON.stringify(report, null, 1)}\n`);
    replaceFile(markdown, `${benchMarkdown(report)}\n`);
  };
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  const hung = setTimeout(() => {
    console.error(`The device has not answered in time: what was found until now is in ${json}.`);
    process.exit(1);
  }, 1000 * end_s);
  const report = await measureDevice(device, {
    ...{ retrace: version, sizes: values.tiny ? 'tiny' : 'usual', budget_s, signal: stopping.signal },
    adapter: adapter as GPUAdapter,
    onReport(event) {
      write(event.report);
      console.error(`${event.done}/${event.of}  ${event.now}`);
    },
  });
  clearTimeout(hung);
  write(report);
  console.log(benchMarkdown(report));
  console.error(`\n${json}\n${markdown}`);
  const sound =
    report.stages.every(({ ended }) => ended !== 'failed') && report.exact.every(({ differing_words }) => differing_words === 0);
  return sound && report.steps.every((row) => !('error' in row)) ? 0 : 1;
}
