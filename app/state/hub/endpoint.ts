// Which hub and which datasets-server this page was built or served for, and which hosts its security policy admits. Both are read from the page's own
// head; no request is sent.

const metaContent = (selector: string): string => document.querySelector(`meta[${selector}]`)?.getAttribute('content') ?? '';

/** The hub's address, without a slash at its end. */
export const hubEndpoint = (): string => metaContent('name="retrace-hub-endpoint"') || 'https://huggingface.co';

/** The address of the datasets-server; undefined: the hub's own. */
export const datasetsServer = (): string | undefined => metaContent('name="retrace-datasets-server"') || undefined;

export const hostOf = (address: string): string => {
  try {
    return new URL(address).host;
  } catch {
    return address;
  }
};

/** Whether a security policy admits requests to an address. A policy without `connect-src` admits all. */
export function admits(policy: string, address: string): boolean {
  const sources = /connect-src ([^;]*)/.exec(policy)?.[1]?.trim().split(/\s+/);
  if (sources === undefined) return true;
  const { origin, host, protocol } = new URL(address);
  return sources.some((source) => {
    const wild = /^(https?:)\/\/\*(\..+)$/.exec(source);
    return wild === null ? source === origin : wild[1] === protocol && host.endsWith(wild[2] ?? '');
  });
}

/** Whether this page may reach an address. */
export const pageAdmits = (address: string): boolean => admits(metaContent('http-equiv="Content-Security-Policy"'), address);
