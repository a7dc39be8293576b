// Host parameters in another thread: the calls of HostParameters as messages, answered one by one in the order of their sending. Not here: what they do.

import { type ErrorReport, RetraceError, reportOf } from '../protocol/errors.ts';
import type { HostParameters, Offload } from './offload.ts';

type CallName = keyof HostParameters;
type Call = { readonly id: number; readonly call: CallName; readonly values: readonly unknown[] };
type Answer = { readonly id: number } & (
  | { readonly ok: true; readonly answer: unknown }
  | { readonly ok: false; readonly error: ErrorReport }
);

/** What is needed of a Worker or a MessagePort. */
export interface OffloadPort {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
}

/** Buffers that a message can give away: those of its arrays, where they are not shared or parts of larger ones. */
function buffersIn(value: unknown, found: ArrayBuffer[] = []): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength) found.push(value.buffer);
  } else if (Array.isArray(value)) for (const item of value) buffersIn(item, found);
  else if (value !== null && typeof value === 'object' && 'reads' in value) buffersIn(value.reads, found);
  return [...new Set(found)];
}

/** The asking side. `close` also runs `onClose`, where the worker ends. */
export function remoteParameters(port: OffloadPort, onClose: () => void): HostParameters {
  const waiting = new Map<number, { resolve(answer: unknown): void; reject(error: RetraceError): void }>();
  let nextId = 1;
  port.addEventListener('message', ({ data }) => {
    const message = data as Answer;
    const own = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.ok) own?.resolve(message.answer);
    else own?.reject(new RetraceError(message.error));
  });
  const ask = <K extends CallName>(call: K, ...values: Parameters<HostParameters[K]>): ReturnType<HostParameters[K]> =>
    new Promise((resolve, reject) => {
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      port.postMessage({ id, call, values } satisfies Call, call === 'answer' ? buffersIn(values) : []);
    }) as ReturnType<HostParameters[K]>;
  return {
    answer: (request) => ask('answer', request),
    begin: () => ask('begin'),
    squareSum: () => ask('squareSum'),
    update: (step) => ask('update', step),
    read: (parameter, kind) => ask('read', parameter, kind),
    write: (parameter, kind, values) => ask('write', parameter, kind, values),
    bytes: () => ask('bytes'),
    close: () => ask('close').finally(onClose),
  };
}

/** The answering side. */
export function serveOffload(port: OffloadPort, offload: Offload): void {
  const calls = offload as unknown as Record<CallName, (...values: readonly unknown[]) => unknown>;
  port.addEventListener('message', ({ data }) => {
    const { id, call, values } = data as Call;
    try {
      const answer = calls[call](...values);
      port.postMessage({ id, ok: true, answer } satisfies Answer, call === 'answer' || call === 'read' ? buffersIn(answer) : []);
    } catch (error) {
      port.postMessage({ id, ok: false, error: reportOf(error) } satisfies Answer, []);
    }
  });
}
