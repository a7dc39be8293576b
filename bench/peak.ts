// The most memory that a piece of work takes in this process. Knows no work.

export interface Peak {
  readonly ms: number;
  /** Bytes: JavaScript's heap, what lies outside it, and the whole process. */
  readonly heapUsed: number;
  readonly arrayBuffers: number;
  readonly external: number;
  readonly rss: number;
}

/** The most memory while `work` goes on, looked at every 5 ms. */
export async function peakOf(work: () => Promise<unknown>): Promise<Peak> {
  const most = { heapUsed: 0, arrayBuffers: 0, external: 0, rss: 0 };
  const look = () => {
    const now = process.memoryUsage();
    for (const key of ['heapUsed', 'arrayBuffers', 'external', 'rss'] as const) most[key] = Math.max(most[key], now[key]);
  };
  const timer = setInterval(look, 5);
  const begin = performance.now();
  await work();
  look();
  clearInterval(timer);
  return { ms: performance.now() - begin, ...most };
}
