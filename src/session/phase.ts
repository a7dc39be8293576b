// The event that says where a session stands.

import type { Phase, RunEvent } from '../protocol/messages.ts';

/** What is going on, and how far it is where that can be counted. */
export const phaseEvent = (phase: Phase, done?: number, of?: number): RunEvent => ({
  type: 'phase',
  phase,
  ...(done === undefined ? {} : { done }),
  ...(of === undefined ? {} : { of }),
});
