// Where the time of one step went: a button that times the next step dispatch by dispatch, its table, and the trace as a file.

import type { ProfiledStep } from '../../src/protocol/profile.ts';
import { countText } from '../../src/protocol/sentences.ts';
import type { Answer } from '../state/answer.ts';
import type { ProfileEvent } from '../state/run.ts';
import { downloadText } from '../ui/download.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { milliseconds, number, percent, scaled } from '../ui/format.ts';

interface ProfilePanelProps {
  /** Kept with the run. */
  profile: ProfileEvent | undefined;
  /** With its trace, which is not kept. */
  profiled: Answer<ProfiledStep>;
  /** Whether the run takes steps, or could. */
  active: boolean;
  onProfile(): void;
}

export function ProfilePanel({ profile, profiled, active, onProfile }: ProfilePanelProps) {
  const trace = profiled.value !== undefined && profiled.value.profile.step === profile?.step ? profiled.value.trace : undefined;
  return (
    <>
      <p className="small muted">
        Times each dispatch of one step by itself. The step is part of the run and changes none of its numbers; it only takes longer.
      </p>
      <div className="run-buttons">
        <button type="button" className="button" onClick={onProfile} disabled={!active || profiled.pending}>
          {profiled.pending ? 'Profiling …' : 'Profile one step'}
        </button>
        {trace !== undefined && (
          <button
            type="button"
            className="button"
            title="Opens in ui.perfetto.dev and chrome://tracing"
            onClick={() => downloadText(`step-${profile?.step}-trace.json`, 'application/json', trace)}
          >
            Download trace
          </button>
        )}
      </div>
      {profiled.error !== undefined && <ErrorNote error={profiled.error} />}
      {profile !== undefined && <ProfileTable profile={profile} />}
    </>
  );
}

function ProfileTable({ profile }: { profile: ProfileEvent }) {
  const { step, length, dispatches, ms, timer, resolution_ms, best, families } = profile;
  const how =
    timer === 'clock'
      ? 'by the clock, which counts the way to the device too'
      : `by timestamps in steps of ${number(1000 * resolution_ms)} µs`;
  return (
    <>
      <p className="small">
        Step {step}, padded to {length} tokens: {countText(dispatches)} dispatches, {milliseconds(ms)}, timed {how}. Best of this device:{' '}
        {scaled(1e9 * best.gflops)}FLOP/s in a matrix product, {scaled(1e9 * best.gb_per_s)}B/s in a copy.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <section className="scroll" tabIndex={0} aria-label="Time by kernel family">
        <table className="numbers">
          <caption className="hidden">Time of step {step} by kernel family</caption>
          <thead>
            <tr>
              <th scope="col">Family</th>
              <th scope="col">dispatches</th>
              <th scope="col">forward</th>
              <th scope="col">backward</th>
              <th scope="col">time</th>
              <th scope="col">share</th>
              <th scope="col">FLOP/s</th>
              <th scope="col">B/s</th>
            </tr>
          </thead>
          <tbody>
            {families.map((row) => (
              <tr key={row.name}>
                <th scope="row">{row.name}</th>
                <td>{countText(row.dispatches)}</td>
                <td>{row.phases['forward'] === undefined ? '–' : milliseconds(row.phases['forward'])}</td>
                <td>{row.phases['backward'] === undefined ? '–' : milliseconds(row.phases['backward'])}</td>
                <td>{milliseconds(row.ms)}</td>
                <td>{percent(row.share)}</td>
                <td>{row.gflops > 0 ? scaled(1e9 * row.gflops) : '–'}</td>
                <td>{scaled(1e9 * row.gb_per_s)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}
