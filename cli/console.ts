// Where a command's words go: JSON lines or a result on stdout, everything else on stderr. Knows no command.
// Invariant: with --json not a byte on stdout is anything but JSON lines.

import type { ErrorReport } from '../src/protocol/errors.ts';
import { durationText } from './format.ts';

/** How far something is, and what to say of it. */
export interface Progress {
  readonly label: string;
  readonly done: number;
  readonly of: number;
  /** Milliseconds left, where they are known. */
  readonly leftMs?: number | undefined;
  readonly detail?: string;
}

/** Without a terminal a line this often at most. */
const lineEveryMs = 10_000;
const redrawMs = 100;
const barCells = 24;

/** Where words go: the process's own streams, or what else takes text. */
export interface Streams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
}

export class Console {
  readonly json: boolean;
  readonly #stdout: Streams['stdout'];
  readonly #stderr: Streams['stderr'];
  readonly #terminal: boolean;
  #drawn = false;
  #label = '';
  #before = 0;

  constructor(json: boolean, { stdout, stderr }: Streams = process) {
    this.json = json;
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#terminal = stderr.isTTY === true;
  }

  /** One JSON line, where the command was asked for them. */
  event(value: object): void {
    if (this.json) this.#stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** What the command was asked for: as text on stdout, unless it was asked for JSON. */
  result(text: string): void {
    this.clear();
    if (!this.json) this.#stdout.write(`${text}\n`);
  }

  /** The next part of a result that comes bit by bit. */
  part(text: string): void {
    this.clear();
    if (!this.json) process.stdout.write(text);
  }

  /** A remark on stderr. */
  say(text: string): void {
    this.clear();
    this.#stderr.write(`${text}\n`);
  }

  error({ message, where, remedy }: ErrorReport): void {
    this.say([`retrace: ${message}`, ...(where ? [`  where:  ${where}`] : []), ...(remedy ? [`  remedy: ${remedy}`] : [])].join('\n'));
  }

  /** One line that is drawn over itself; without a terminal, a line now and then. */
  progress({ label, done, of, leftMs, detail }: Progress): void {
    const now = performance.now();
    const news = label !== this.#label;
    if (!news && now - this.#before < (this.#terminal ? redrawMs : lineEveryMs)) return;
    this.#label = label;
    this.#before = now;
    const share = of > 0 ? Math.min(1, done / of) : 0;
    const left = leftMs === undefined || leftMs <= 0 ? '' : `  ${durationText(leftMs)} left`;
    if (!this.#terminal) {
      this.#stderr.write(`${label}${of > 0 ? `  ${done}/${of}` : ''}${detail ? `  ${detail}` : ''}${left}\n`);
      return;
    }
    const full = Math.round(share * barCells);
    const bar = of > 0 ? ` ${'█'.repeat(full)}${'░'.repeat(barCells - full)} ${done}/${of}` : ' …';
    const line = `${label}${bar}${left}${detail ? `  ${detail}` : ''}`;
    this.#stderr.write(`\r\x1b[2K${line.slice(0, (this.#stderr.columns || 100) - 1)}`);
    this.#drawn = true;
  }

  /** Takes the progress line away, so that other text does not stick to it. */
  clear(): void {
    if (this.#drawn) this.#stderr.write('\r\x1b[2K');
    this.#drawn = false;
  }
}

/** Megabytes are not worth their digits while they move. */
export const inMegabytes = (bytes: number): number => Math.ceil(bytes / 1e6);
