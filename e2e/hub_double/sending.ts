// Sends answers: ranges of files, and what faults make of them. Not here: which answer a request gets. Invariant: without a fault, what is sent is what RFC 9110
// says of a single range; nothing of a file is read that is not sent.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from './faults.ts';

export interface ServedFile {
  readonly size: number;
  read(begin: number, end: number): Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Instead of a body: served with ranges. The status is 200 then. */
  readonly file?: ServedFile;
}

export const json = (value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(value),
});

export const redirect = (status: number, location: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', Location: location, ...headers },
  body: `Redirecting to ${location}`,
});

export const PORTAL_PAGE =
  '<!doctype html><html><head><title>Welcome to the airport</title></head><body><a href="/login">Sign in</a></body></html>';

const CHUNK = 1 << 18;
/** So that who reads has the last bytes before the connection breaks: a stream that fails drops what was not read yet. */
const CUT_DELAY_MS = 20;

/** Bytes [begin, end) that a Range header asks for; `none` where the whole file is to be sent, `bad` where nothing of it can be. */
function askedRange(header: string | undefined, size: number): { begin: number; end: number } | 'none' | 'bad' {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return 'none';
  if (first === '') return Number(last) === 0 || size === 0 ? 'bad' : { begin: Math.max(0, size - Number(last)), end: size };
  if (last !== '' && Number(last) < Number(first)) return 'none';
  if (Number(first) >= size) return 'bad';
  return { begin: Number(first), end: last === '' ? size : Math.min(size, Number(last) + 1) };
}

/** A file as a fault makes it look. */
function disguised(file: ServedFile, fault: Fault | undefined): ServedFile {
  if (fault?.kind === 'wrong-bytes') return { size: file.size, read: (begin, end) => file.read(begin, end).map((byte) => byte ^ 0x5a) };
  if (fault?.kind !== 'wrong-length') return file;
  return {
    size: Math.max(0, file.size + fault.by),
    read(begin, end) {
      const bytes = new Uint8Array(end - begin);
      if (begin < file.size) bytes.set(file.read(begin, Math.min(end, file.size)));
      return bytes;
    },
  };
}

interface Piece {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly begin: number;
  readonly end: number;
  readonly file: ServedFile;
}

const fromBytes = (bytes: Uint8Array): ServedFile => ({ size: bytes.length, read: (begin, end) => bytes.subarray(begin, end) });

function pieceOf(request: IncomingMessage, answer: Answer, fault: Fault | undefined): Piece {
  if (answer.file === undefined) {
    const bytes = typeof answer.body === 'string' ? Buffer.from(answer.body) : (answer.body ?? new Uint8Array(0));
    return { status: answer.status, headers: answer.headers ?? {}, begin: 0, end: bytes.length, file: fromBytes(bytes) };
  }
  const file = disguised(answer.file, fault);
  const headers = { ...answer.headers, 'Accept-Ranges': 'bytes' };
  if (request.headers['if-none-match'] !== undefined && request.headers['if-none-match'] === answer.headers?.['ETag']) {
    return { status: 304, headers, begin: 0, end: 0, file };
  }
  const condition = request.headers['if-range'];
  const changed = typeof condition === 'string' && condition !== answer.headers?.['ETag'];
  const range = fault?.kind === 'ignore-range' || changed ? 'none' : askedRange(request.headers.range, file.size);
  if (range === 'none') return { status: 200, headers, begin: 0, end: file.size, file };
  if (range === 'bad') {
    const body = Buffer.from('<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InvalidRange</Code></Error>');
    return {
      status: 416,
      headers: { ...headers, 'Content-Type': 'application/xml', 'Content-Range': `bytes */${file.size}` },
      begin: 0,
      end: body.length,
      file: fromBytes(body),
    };
  }
  return { status: 206, headers: { ...headers, 'Content-Range': `bytes ${range.begin}-${range.end - 1}/${file.size}` }, ...range, file };
}

/** Sends it, and tells `sent` of every piece of the body. */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  fault: Fault | undefined,
  sent: (bytes: number, status: number) => void,
): Promise<void> {
  const { status, headers, begin, end, file } = pieceOf(request, answer, fault);
  const hasBody = request.method !== 'HEAD' && status !== 204 && status !== 304;
  response.writeHead(status, status === 204 || status === 304 ? headers : { ...headers, 'Content-Length': String(end - begin) });
  sent(0, status);
  if (!hasBody) return void response.end();
  response.flushHeaders();

  const stop =
    fault?.kind === 'cut' || fault?.kind === 'stall' ? begin + fault.after : fault?.kind === 'cut-every' ? begin + fault.bytes : end;
  const step = fault?.kind === 'slow' ? fault.bytes : CHUNK;
  for (let at = begin; at < Math.min(stop, end) && !response.destroyed; at += step) {
    const bytes = file.read(at, Math.min(at + step, stop, end));
    response.write(bytes);
    sent(bytes.length, status);
    if (fault?.kind === 'slow') await pause(fault.everyMs);
    if (response.writableNeedDrain) await drained(response);
  }
  if (stop >= end) return void response.end();
  if (fault?.kind === 'stall') return;
  await pause(CUT_DELAY_MS);
  response.socket?.destroy();
}

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    if (response.destroyed) return resolve();
    response.on('drain', done).on('close', done);
  });
