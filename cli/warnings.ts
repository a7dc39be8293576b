// What looks wrong with a command's data, on stderr for people and as JSON lines for programs.

import type { DataWarning } from '../src/protocol/messages.ts';
import type { Console } from './console.ts';

export function sayWarnings(console: Console, warnings: readonly DataWarning[]): void {
  for (const { message, remedy } of warnings) console.say(`warning: ${message}\n  remedy: ${remedy}`);
}

/** A JSON line for each. */
export function sendWarnings(console: Console, warnings: readonly DataWarning[]): void {
  for (const warning of warnings) console.event({ type: 'warning', ...warning });
}
