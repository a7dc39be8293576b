import { expect, test } from 'vitest';
import { bundledFolders, fileFolder, httpFolder, readJson, readText } from './folder.ts';
import type { FetchFile } from './http_source.ts';

const text = (value: string): Uint8Array<ArrayBuffer> => Uint8Array.from(new TextEncoder().encode(value));

interface Server {
  readonly fetchFile: FetchFile;
  readonly requests: string[];
  /** Chunks of whole-file answers that were pulled. */
  chunks: number;
}

/** Serves `files` in chunks of 10 bytes; `ranges` says whether it honours Range, `lengths` whether it sends Content-Length. */
function serve(files: Record<string, Uint8Array<ArrayBuffer>>, { ranges = true, lengths = true } = {}): Server {
  const server: Server = {
    requests: [],
    chunks: 0,
    fetchFile: (url, init) => {
      const path = url.replace('http://host/m/', '');
      const range = new Headers(init?.headers).get('Range') ?? '';
      server.requests.push(`${path} ${range}`);
      const file = files[path];
      if (file === undefined) return Promise.resolve(new Response('no', { status: 404 }));
      const [, begin, last] = /bytes=(\d+)-(\d+)/.exec(range) ?? [];
      if (ranges && begin !== undefined && last !== undefined) {
        const headers = { 'Content-Range': `bytes ${begin}-${last}/${file.length}` };
        return Promise.resolve(new Response(file.slice(Number(begin), Number(last) + 1), { status: 206, headers }));
      }
      let at = 0;
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
        {
          pull(controller) {
            server.chunks += 1;
            controller.enqueue(file.slice(at, at + 10));
            at += 10;
            if (at >= file.length) controller.close();
          },
        },
        { highWaterMark: 0 },
      );
      return Promise.resolve(new Response(body, lengths ? { headers: { 'Content-Length': String(file.length) } } : {}));
    },
  };
  return server;
}

const digits = text('0123456789abcdefghijABCDEFGHIJklmnopqrst');

test('a listed file is opened without a request and read by exact ranges', async () => {
  const server = serve({ 'a.bin': digits });
  const folder = httpFolder('http://host/m', [{ path: 'a.bin', size: 40 }], server.fetchFile);
  const source = await folder.open('a.bin');
  expect(server.requests).toEqual([]);
  expect(await source?.read(8, 12)).toEqual(text('89ab'));
  expect(server.requests).toEqual(['a.bin bytes=8-11']);
  expect(await folder.open('b.bin')).toBeUndefined();
  expect(await folder.list()).toEqual(['a.bin']);
  expect(folder.name).toBe('m');
});

test('the folders that come with the app are those of its index, sizes and checksums included', async () => {
  const row = { name: 'tiny', license: 'MIT', files: [{ path: 'sub/a.bin', size: 40, sha256: 'ab' }] };
  const index = text(JSON.stringify({ models: [row] }));
  const [bundled] = await bundledFolders('http://host/m', serve({ 'index.json': index, 'tiny/sub/a.bin': digits }).fetchFile);
  expect(bundled).toMatchObject(row);
  expect(await (await bundled?.folder.open('sub/a.bin'))?.read(38, 40)).toEqual(text('st'));
  const broken = serve({ 'index.json': text('{"models":[{"name":3}]}') });
  await expect(bundledFolders('http://host/m', broken.fetchFile)).rejects.toMatchObject({
    code: 'bad-index',
    where: 'http://host/m/index.json, models.0.name',
  });
});

test.each([
  ['ranges', { ranges: true, lengths: false }],
  ['a length', { ranges: false, lengths: true }],
  ['neither ranges nor a length', { ranges: false, lengths: false }],
])('without a listing the size comes from a server that offers %s', async (_, offers) => {
  const folder = httpFolder('http://host/m/', undefined, serve({ 'a.bin': digits }, offers).fetchFile);
  const source = await folder.open('a.bin');
  expect(source?.size).toBe(40);
  expect(await source?.read(9, 21)).toEqual(text('9abcdefghijA'));
  expect(await folder.open('missing')).toBeUndefined();
  await expect(folder.list()).rejects.toMatchObject({ code: 'no-listing' });
});

test('a server that ignores ranges is walked forward in one response, chunk by chunk, and anew to go back', async () => {
  const server = serve({ 'a.bin': digits }, { ranges: false });
  const source = await httpFolder('http://host/m/', [{ path: 'a.bin', size: 40 }], server.fetchFile).open('a.bin');
  const reads = await Promise.all([source?.read(0, 4), source?.read(4, 12), source?.read(25, 27)]);
  expect(reads).toEqual([text('0123'), text('456789ab'), text('FG')]);
  expect(server.requests).toHaveLength(1);
  expect(server.chunks).toBe(3);
  expect(await source?.read(0, 2)).toEqual(text('01'));
  expect(server.requests).toHaveLength(2);
});

test('a page sent in place of a missing file counts as no file', async () => {
  const fetchFile: FetchFile = () => Promise.resolve(new Response('<html>', { headers: { 'Content-Type': 'text/html' } }));
  expect(await httpFolder('http://host/m/', undefined, fetchFile).open('config.json')).toBeUndefined();
});

test('a broken connection, a refusal, a short answer and a replaced file are told apart', async () => {
  const rows = [{ path: 'a.bin', size: 40 }];
  const open = (fetchFile: FetchFile) => httpFolder('http://host/m/', rows, fetchFile).open('a.bin');
  const down = await open(() => Promise.reject(new TypeError('Failed to fetch')));
  await expect(down?.read(0, 4)).rejects.toMatchObject({ code: 'network', where: 'http://host/m/a.bin' });
  const gated = await open(() => Promise.resolve(new Response('', { status: 403 })));
  await expect(gated?.read(0, 4)).rejects.toMatchObject({ code: 'http-status', message: expect.stringContaining('403') });
  const short = await open(serve({ 'a.bin': digits.slice(0, 15) }, { ranges: false }).fetchFile);
  await expect(short?.read(0, 20)).rejects.toMatchObject({ code: 'short-download', message: expect.stringContaining('15 bytes') });
  const replaced = await open(serve({ 'a.bin': digits.slice(0, 15) }).fetchFile);
  await expect(replaced?.read(0, 4)).rejects.toMatchObject({ code: 'file-changed' });
});

test('picked files are read in place and their shared top folder becomes the name', async () => {
  const folder = fileFolder([
    { path: 'MiniLM/config.json', blob: new Blob(['{"hidden_size": 384}']) },
    { path: 'MiniLM/1_Pooling/config.json', blob: new Blob(['{}']) },
  ]);
  expect(folder.name).toBe('MiniLM');
  expect(await folder.list()).toEqual(['1_Pooling/config.json', 'config.json']);
  expect(await readJson(folder, 'config.json')).toEqual({ hidden_size: 384 });
  const source = await folder.open('config.json');
  expect(await source?.read(1, 4)).toEqual(text('"hi'));
});

test('a missing or damaged file is named', async () => {
  const folder = fileFolder([{ path: 'config.json', blob: new Blob(['{']) }], 'mine');
  await expect(readText(folder, 'tokenizer.json')).rejects.toMatchObject({ code: 'missing-file', where: 'mine/tokenizer.json' });
  await expect(readJson(folder, 'config.json')).rejects.toMatchObject({ code: 'not-json', where: 'mine/config.json' });
});
