// One served file as a ByteSource. Where the server honours Range, a read is one request; where it answers 200 with the whole file, one
// response is kept open and walked forward (going back starts it anew), so that no more than the asked range and one chunk are held.
// Invariant: reads of one source run one after another, for they may share that open response.

import type { ByteSource } from '../formats/bytes.ts';
import { RetraceError } from '../protocol/errors.ts';

export type FetchFile = (url: string, init?: RequestInit) => Promise<Response>;

async function request(fetchFile: FetchFile, url: string, range: string): Promise<Response> {
  try {
    return await fetchFile(url, { headers: { Range: range } });
  } catch (thrown) {
    throw new RetraceError({
      code: 'network',
      message: `${url} could not be reached: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      where: url,
      remedy: 'Check the connection and the address, then try again.',
    });
  }
}

function refuseStatus(response: Response, url: string): never {
  throw new RetraceError({
    code: 'http-status',
    message: `${url} was answered with status ${response.status}${response.statusText === '' ? '' : ` (${response.statusText})`}.`,
    where: url,
    remedy:
      response.status === 429
        ? 'The server asks for a pause. Wait a few minutes and try again.'
        : response.status === 401 || response.status === 403
          ? 'The file is private or gated. Download the folder with your account and pick it from disk.'
          : 'Check the address, then try again.',
  });
}

function cutShort(url: string, expected: number, found: number): RetraceError {
  return new RetraceError({
    code: 'short-download',
    message: `${url} ended after ${found} bytes where ${expected} were expected.`,
    where: `${url}, byte ${found}`,
    remedy: 'The connection broke or the file changed on the server. Try again.',
  });
}

/** Walks one response body forward. */
class ForwardReader {
  position = 0;
  private rest: Uint8Array = new Uint8Array(0);
  private readonly reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(response: Response) {
    this.reader = response.body?.getReader();
  }

  /** Passes over bytes up to `begin`, then copies up to `end` into `into`; the position where the body ended, or `end`. */
  async walk(begin: number, end: number, into?: Uint8Array): Promise<number> {
    while (this.position < end) {
      if (this.rest.length === 0) {
        const chunk = await this.reader?.read();
        if (chunk === undefined || chunk.done) return this.position;
        this.rest = chunk.value;
        continue;
      }
      const skipping = this.position < begin;
      const taken = this.rest.subarray(0, (skipping ? begin : end) - this.position);
      if (!skipping) into?.set(taken, this.position - begin);
      this.position += taken.length;
      this.rest = this.rest.subarray(taken.length);
    }
    return end;
  }

  async close(): Promise<void> {
    await this.reader?.cancel();
  }
}

/** A served file of known size. Errors: `network`, `http-status`, `short-download`, `file-changed`. */
export function httpSource(url: string, name: string, size: number, fetchFile: FetchFile = fetch): ByteSource {
  let walked: ForwardReader | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function readWhole(begin: number, end: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(end - begin);
    const reached = (await walked?.walk(begin, end, bytes)) ?? 0;
    if (reached < end) {
      walked = undefined;
      throw cutShort(url, end, reached);
    }
    if (end === size) {
      await walked?.close();
      walked = undefined;
    }
    return bytes;
  }

  async function readRange(begin: number, end: number): Promise<Uint8Array> {
    if (begin === end) return new Uint8Array(0);
    if (walked !== undefined && walked.position <= begin) return readWhole(begin, end);
    await walked?.close();
    walked = undefined;
    const response = await request(fetchFile, url, `bytes=${begin}-${end - 1}`);
    if (response.status === 200) {
      walked = new ForwardReader(response);
      return readWhole(begin, end);
    }
    if (response.status !== 206) refuseStatus(response, url);
    const total = totalOf(response);
    if (total !== undefined && total !== size) {
      await response.body?.cancel();
      throw new RetraceError({
        code: 'file-changed',
        message: `${name} is ${total} bytes on the server, ${size} were expected.`,
        where: url,
        remedy: 'The file was replaced on the server. Load the model again.',
      });
    }
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.length !== end - begin) throw cutShort(url, end, begin + bytes.length);
    return bytes;
  }

  return {
    name,
    size,
    read(begin, end) {
      const next = last.then(() => readRange(begin, end));
      last = next.catch(() => undefined);
      return next;
    },
  };
}

/** The total of `Content-Range: bytes 0-0/12345`. */
function totalOf(response: Response): number | undefined {
  const total = /\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '')?.[1];
  return total === undefined ? undefined : Number(total);
}

/**
 * A served file of unknown size; undefined where the server has none. Asks for one byte rather than sends HEAD, whose length is missing
 * or that of the compressed body behind many CDNs. A page in place of another kind of file is how single-page servers say "not found".
 */
export async function openUrl(url: string, name: string, fetchFile: FetchFile = fetch): Promise<ByteSource | undefined> {
  const response = await request(fetchFile, url, 'bytes=0-0');
  const page = response.headers.get('Content-Type')?.startsWith('text/html') ?? false;
  if (response.status === 404 || response.status === 410 || (page && response.ok && !name.endsWith('.html'))) {
    await response.body?.cancel();
    return undefined;
  }
  if (response.status === 416) return httpSource(url, name, 0, fetchFile);
  if (!response.ok) refuseStatus(response, url);
  const size = response.status === 206 ? totalOf(response) : lengthOf(response);
  if (size !== undefined) {
    await response.body?.cancel();
    return httpSource(url, name, size, fetchFile);
  }
  // Neither a range nor a length: the size is known once the body has passed by.
  const whole = response.status === 200 ? response : await fetchFile(url);
  const counted = await new ForwardReader(whole).walk(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  return httpSource(url, name, counted, fetchFile);
}

function lengthOf(response: Response): number | undefined {
  const length = response.headers.get('Content-Length');
  return length === null || response.headers.get('Content-Encoding') !== null ? undefined : Number(length);
}
