// Which of the headers that the README asks of a host are missing. Asked of the page's own address: what a server sends with it, it sends with all.

/** What a host should send with every file. */
export const hostHeaders = ['Content-Security-Policy', 'Cross-Origin-Opener-Policy', 'Cross-Origin-Embedder-Policy'] as const;

/** Those of the headers that this page's server does not send; none where it doesn't answer, as offline. */
export async function missingHeaders(ask: typeof fetch = fetch): Promise<string[]> {
  const headers = await ask('./', { method: 'HEAD' }).then(
    (response) => (response.ok ? response.headers : undefined),
    () => undefined,
  );
  return headers === undefined ? [] : hostHeaders.filter((name) => !headers.has(name));
}
