import { expect, test } from 'vitest';
import { contentPolicy, hostsOfPage, hubOrigins, namedHosts, servedHosts, servedPage } from './content_policy.ts';

const connects = (origins: readonly string[]) => /connect-src ([^;]*)/.exec(contentPolicy(origins))?.[1];

test('without a word the page may talk to itself and to the hub', () => {
  const { endpoint, origins } = namedHosts({ HF_ENDPOINT: ' ', RETRACE_HUB_HOSTS: '' });
  expect({ endpoint, origins }).toEqual({ endpoint: 'https://huggingface.co', origins: [] });
  expect(connects(origins)).toBe(`'self' ${hubOrigins.join(' ')}`);
});

test('a mirror and its storage are admitted, by their origins', () => {
  const named = namedHosts({
    HF_ENDPOINT: 'https://Mirror.example.org/hub/',
    RETRACE_HUB_HOSTS: 'https://cdn.example.org, https://*.storage.example.org:8443 http://127.0.0.1:9000 https://huggingface.co',
  });
  expect(named.endpoint).toBe('https://mirror.example.org/hub');
  expect(named.origins).toEqual([
    'https://mirror.example.org',
    'https://cdn.example.org',
    'https://*.storage.example.org:8443',
    'http://127.0.0.1:9000',
  ]);
  expect(namedHosts({ HF_ENDPOINT: 'http://localhost:8080' }).endpoint).toBe('http://localhost:8080');
});

test.each([
  ['mirror.example.org', 'is no address'],
  ['http://mirror.example.org', 'only https://'],
  ['http://127.0.0.1.example.org', 'only https://'],
  ['ftp://mirror.example.org', 'only https://'],
  ['https://user:word@mirror.example.org', 'without a user'],
  ['https://mirror.example.org?x', 'without a user'],
  ['https://mirror.example.org/"><script>', 'letters, digits'],
  ["https://a.example.org; script-src 'unsafe-eval'", 'is no address'],
  ['https://a.example.org;script-src', 'letters, digits'],
])('HF_ENDPOINT %s is refused', (text, says) => {
  expect(() => namedHosts({ HF_ENDPOINT: text })).toThrow(says);
});

test.each([
  '*',
  'https://*',
  'https://*.org',
  'https://*.',
  "'unsafe-inline'",
  'https://a.example.org;script-src',
  'data:',
  'https://a.example.org/path',
])('RETRACE_HUB_HOSTS %s is refused', (text) => {
  expect(() => namedHosts({ RETRACE_HUB_HOSTS: text })).toThrow('RETRACE_HUB_HOSTS');
});

test('a page that is served admits what it was built for and what is named now, in head and header alike', () => {
  const head = (policy: string, endpoint: string) =>
    `<meta http-equiv="Content-Security-Policy" content="${policy.replaceAll("'", '&#39;')}"><meta name="retrace-hub-endpoint" content="${endpoint}"><meta name="retrace-datasets-server" content="">`;
  const built = head(contentPolicy(['https://cdn.example.org']), 'https://mirror.example.org');
  expect(hostsOfPage(built)).toEqual({ endpoint: 'https://mirror.example.org', datasetsServer: '', origins: ['https://cdn.example.org'] });
  expect(hostsOfPage(servedPage(built, servedHosts(built, {})))).toEqual(hostsOfPage(built));
  const hosts = servedHosts(built, { HF_ENDPOINT: 'http://127.0.0.1:9000', HF_DATASETS_SERVER: 'https://rows.example.org/' });
  expect(hosts.endpoint).toBe('http://127.0.0.1:9000');
  expect(hostsOfPage(servedPage(built, hosts))).toEqual({
    endpoint: 'http://127.0.0.1:9000',
    datasetsServer: 'https://rows.example.org',
    origins: ['https://cdn.example.org', 'http://127.0.0.1:9000', 'https://rows.example.org'],
  });
});
