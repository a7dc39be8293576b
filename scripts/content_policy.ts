// The content security policy of the page: whom it may talk to, made from the hub's own hosts and from those that are named when it is built or served. Not
// here: sending it (vite.config.ts). Invariant: what is named becomes an origin before it enters the policy, so no text of a variable can loosen it.

/**
 * Hosts of the hub: its API, the servers to which it sends those who ask for large files (they are added and replaced every few months, so all under its
 * names), and the one that describes data sets. https://huggingface.co/.well-known/meta.json lists them.
 */
export const hubOrigins = ['https://huggingface.co', 'https://*.huggingface.co', 'https://hf.co', 'https://*.hf.co'] as const;

export const defaultEndpoint = 'https://huggingface.co';

export interface NamedHosts {
  /** Where the page asks unless people say otherwise, without a slash at its end. */
  readonly endpoint: string;
  /** Of the server that describes data sets; empty: the hub's own. */
  readonly datasetsServer: string;
  /** Origins that are admitted beside the hub's own. */
  readonly origins: readonly string[];
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

function parse(variable: string, text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new Error(`${variable} is '${text}', which is no address. Write https://mirror.example.org.`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new Error(`${variable} is '${text}': an address without a user, a question mark or a hash is wanted.`);
  // An address may hold more than a policy can: a semicolon in a host would end the directive.
  if (!/^(?:[a-z\d-]+(?:\.[a-z\d-]+)*|\[[\da-f:]+\])$/.test(url.hostname) || !/^[\w./~-]*$/.test(url.pathname))
    throw new Error(`${variable} is '${text}': letters, digits, dots and dashes are taken, and slashes between them.`);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback.test(url.hostname)))
    throw new Error(`${variable} is '${text}': only https:// is taken, and http:// for this machine itself.`);
  return url;
}

/** An origin of a list; `https://*.example.org` stands for every host under a name. */
function originOf(variable: string, text: string): string {
  const wild = /^https:\/\/\*\.(.+)$/.exec(text);
  const url = parse(variable, wild === null ? text : `https://${wild[1]}`);
  if (url.pathname !== '/') throw new Error(`${variable} names '${text}': a host is wanted, without a path.`);
  if (wild === null) return url.origin;
  if (!/^[^.]+\..*[^.\d]$/.test(url.hostname))
    throw new Error(`${variable} names '${text}', which admits half the world. Name more of the host.`);
  return url.origin.replace('https://', 'https://*.');
}

/** What the environment names: HF_ENDPOINT, HF_DATASETS_SERVER, and in RETRACE_HUB_HOSTS further hosts (a mirror's own storage), apart by spaces or commas. Throws what is wrong. */
export function namedHosts(environment: Readonly<Record<string, string | undefined>>): NamedHosts {
  const address = (variable: string): string => {
    const named = environment[variable]?.trim() ?? '';
    return named === '' ? '' : parse(variable, named).href.replace(/\/+$/, '');
  };
  const [endpoint, datasetsServer] = [address('HF_ENDPOINT'), address('HF_DATASETS_SERVER')];
  const hosts = (environment['RETRACE_HUB_HOSTS'] ?? '').split(/[\s,]+/).filter((host) => host !== '');
  const named = [endpoint, datasetsServer].filter((each) => each !== '').map((each) => new URL(each).origin);
  const origins = [...named, ...hosts.map((host) => originOf('RETRACE_HUB_HOSTS', host))];
  return {
    endpoint: endpoint || defaultEndpoint,
    datasetsServer,
    origins: [...new Set(origins)].filter((origin) => !hubOrigins.some((known) => known === origin)),
  };
}

export function contentPolicy(origins: readonly string[]): string {
  return [
    "default-src 'self'",
    // WebAssembly is compiled where an adapter lives off the GPU; text is never run as code.
    "script-src 'self' 'wasm-unsafe-eval'",
    `connect-src ${["'self'", ...hubOrigins, ...origins].join(' ')}`,
    "worker-src 'self'",
    "img-src 'self' data: blob:",
    // Radix locks scrolling with a style element of its own.
    "style-src 'self' 'unsafe-inline'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** The names under which the page carries them in its head. */
export const metaNames = {
  policy: 'Content-Security-Policy',
  endpoint: 'retrace-hub-endpoint',
  datasetsServer: 'retrace-datasets-server',
} as const;

/** What a built page was made for, read from its head. */
export function hostsOfPage(html: string): NamedHosts {
  const said = (name: string): string => new RegExp(`name="${name}" content="([^"]*)"`).exec(html)?.[1] ?? '';
  // The builder writes quotes of a policy as references.
  const admitted = /connect-src ([^;"]*)/.exec(html.replaceAll('&#39;', "'"))?.[1]?.split(' ') ?? [];
  const origins = admitted.filter((origin) => origin !== "'self'" && origin !== '' && !hubOrigins.some((known) => known === origin));
  return { endpoint: said(metaNames.endpoint) || defaultEndpoint, datasetsServer: said(metaNames.datasetsServer), origins };
}

/** A built page as it is served: what it was built for holds, and what is named now is admitted too. */
export function servedHosts(html: string, environment: Readonly<Record<string, string | undefined>>): NamedHosts {
  const [built, now] = [hostsOfPage(html), namedHosts(environment)];
  const isNamed = (environment['HF_ENDPOINT']?.trim() ?? '') !== '';
  return {
    endpoint: isNamed ? now.endpoint : built.endpoint,
    datasetsServer: now.datasetsServer || built.datasetsServer,
    origins: [...new Set([...built.origins, ...now.origins])],
  };
}

/** The built page with its head made for these hosts. */
export function servedPage(html: string, { endpoint, datasetsServer, origins }: NamedHosts): string {
  const saying = (page: string, name: string, address: string): string =>
    page.replace(new RegExp(`(name="${name}" content=")[^"]*`), (_, before: string) => before + address);
  const page = html.replace(
    /(http-equiv="Content-Security-Policy" content=")[^"]*/,
    (_, before: string) => before + contentPolicy(origins),
  );
  return saying(saying(page, metaNames.endpoint, endpoint), metaNames.datasetsServer, datasetsServer);
}
