// The address #bench: measures this device by Retrace's own kernels and steps, and gives the report to take along. It has no tab: who reports how fast
// Retrace is on a device is sent here.

import { Progress } from 'radix-ui';
import { useState } from 'react';
import { type BenchReport, type BenchSizes, benchSizes } from '../../src/protocol/bench.ts';
import { countText } from '../../src/protocol/sentences.ts';
import type { BenchState } from '../state/app_state.ts';
import { useActions, useApp } from '../state/context.ts';
import { busyText } from '../state/occupied.ts';
import { downloadText } from '../ui/download.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { Facts } from '../ui/Facts.tsx';
import { duration, milliseconds, percent, scaled } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { Segmented } from '../ui/Segmented.tsx';

const sizeTitles: Readonly<Record<BenchSizes, string>> = { usual: 'For a GPU', tiny: 'Tiny' };

export default function BenchScreen() {
  const bench = useApp((state) => state.bench);
  const environment = useApp((state) => state.environment.value);
  const busy = useApp(busyText);
  const { measureDevice, stopMeasuring } = useActions();
  const [chosen, setChosen] = useState<BenchSizes>();
  const software = environment?.available === true && environment.software;
  // On a processor the sizes of a GPU take hours.
  const sizes = chosen ?? (software ? 'tiny' : 'usual');
  return (
    <div className="train">
      <section className="card bench" aria-label="Measure this device">
        <h2>Measure this device</h2>
        <p className="muted">
          {environment?.available === true ? environment.adapter : 'This device'}: how fast are its matrix products and training steps, and
          do the reversible layers give the same bits here? With random weights and made-up texts, in at most six minutes. Nothing is
          downloaded and nothing is sent: the report is yours to copy.
        </p>
        <div className="run-buttons">
          <Segmented<BenchSizes>
            label="Sizes"
            value={sizes}
            items={benchSizes.map((value) => ({ value, label: sizeTitles[value], disabled: bench.running }))}
            onChange={setChosen}
          />
          {bench.running ? (
            <button type="button" className="button" onClick={() => void stopMeasuring()}>
              <Icon name="stop" /> Stop
            </button>
          ) : (
            <button
              type="button"
              className="button button-primary"
              disabled={busy !== undefined || environment?.available !== true}
              onClick={() => void measureDevice(sizes)}
            >
              Measure
            </button>
          )}
        </div>
        {!bench.running && busy !== undefined && <p className="small muted">{busy}</p>}
        {bench.running && <Going {...bench} />}
        {bench.error !== undefined && <ErrorNote error={bench.error} />}
      </section>
      {bench.event !== undefined && <Report report={bench.event.report} running={bench.running} />}
    </div>
  );
}

function Going({ event }: BenchState) {
  const share = event === undefined ? 0 : event.done / event.of;
  return (
    <>
      <p className="small" role="status">
        {event?.now ?? 'Opening the device …'}
      </p>
      <Progress.Root className="progress" value={Math.round(share * 100)} aria-label="Progress of the measurement">
        <Progress.Indicator className="progress-bar" style={{ transform: `scaleX(${share})` }} />
      </Progress.Root>
    </>
  );
}

const gigaflops = (rate: number): string => `${scaled(1e9 * rate)}FLOP/s`;

function Report({ report, running }: { report: BenchReport; running: boolean }) {
  const json = JSON.stringify(report, null, 1);
  const [copied, setCopied] = useState<string>();
  const copy = () => void navigator.clipboard?.writeText(json).then(() => setCopied(json));
  const differing = report.exact.reduce((sum, row) => sum + row.differing_words, 0);
  const facts: (readonly [string, string])[] = [
    ...(report.best
      ? [
          ['Best matrix product', gigaflops(report.best.gflops)] as const,
          ['Best copy', `${scaled(1e9 * report.best.gb_per_s)}B/s`] as const,
        ]
      : []),
    ...(report.overheads ? [['Round trip', milliseconds(report.overheads.round_trip_ms)] as const] : []),
    ...(report.exact.length > 0 ? [['Bits of store', differing === 0 ? 'equal' : `${countText(differing)} words differ`] as const] : []),
    ...report.learning.map(
      ({ method, losses }) => [`Loss, ${method}`, `${losses[0]?.toFixed(2)} to ${losses.at(-1)?.toFixed(2)}`] as const,
    ),
  ];
  return (
    <section className="card bench" aria-label="Report">
      <h2>Report</h2>
      <Facts facts={facts} />
      {report.steps.length > 0 && <Steps steps={report.steps} />}
      <ul className="small muted">
        {report.stages.map(({ name, ended, seconds, error }) => (
          <li key={name}>
            {name}: {ended}
            {error === undefined ? '' : ` (${error})`}, {duration(1000 * seconds)}
          </li>
        ))}
      </ul>
      {!running && (
        <div className="run-buttons">
          <button type="button" className="button" onClick={copy}>
            <Icon name={copied === json ? 'check' : 'paste'} /> {copied === json ? 'Copied' : 'Copy JSON'}
          </button>
          <button type="button" className="button" onClick={() => downloadText('retrace-bench.json', 'application/json', json)}>
            Download JSON
          </button>
        </div>
      )}
    </section>
  );
}

function Steps({ steps }: Pick<BenchReport, 'steps'>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className="scroll" tabIndex={0} aria-label="Training steps">
      <table className="numbers">
        <caption className="hidden">Training steps</caption>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">time</th>
            <th scope="col">dispatches</th>
            <th scope="col">in products</th>
            <th scope="col">FLOP/s</th>
          </tr>
        </thead>
        <tbody>
          {steps.map((row) => (
            <tr key={[row.model, row.batch, row.length, row.method, row.policy, row.granularity].join()}>
              <th scope="row">
                {row.model} {row.batch} × {row.length}, {row.method} {row.policy}
                {row.policy === 'reversible' ? ` ${row.granularity}` : ''}
              </th>
              {'error' in row ? (
                <td colSpan={4}>{row.error}</td>
              ) : (
                <>
                  <td>{milliseconds(row.ms)}</td>
                  <td>{countText(row.dispatches)}</td>
                  <td>{percent((row.families['gemm'] ?? 0) / row.profiled_ms)}</td>
                  <td>{scaled((1000 * row.flops) / row.ms)}</td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
