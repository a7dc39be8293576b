// What can go wrong on the way, as rules that a test sets. Not here: how an answer is sent with a fault (sending.ts). Invariant: a rule is used up only by
// answers that it could change, so that one for a file is not spent on the redirect that leads to it.

export type Host = 'hub' | 'cdn' | 'datasets';

export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** The headers name the full length; after so many bytes of the body the connection breaks. */
  | { readonly kind: 'cut'; readonly after: number }
  /** The same for every answer with a file: only who goes on where it was gets to the end. */
  | { readonly kind: 'cut-every'; readonly bytes: number }
  /** 200 and the whole file, whatever was asked. */
  | { readonly kind: 'ignore-range' }
  | { readonly kind: 'slow'; readonly bytes: number; readonly everyMs: number }
  /** No byte after these, and the connection stays open. */
  | { readonly kind: 'stall'; readonly after: number }
  /** A file of another length, longer by zeros or cut off, in an answer that is sound in itself. */
  | { readonly kind: 'wrong-length'; readonly by: number }
  /** As long as it should be, with every byte another. */
  | { readonly kind: 'wrong-bytes' }
  /** A captive portal's page with status 200. */
  | { readonly kind: 'html' }
  /** The connection is broken before any answer. Chromium asks once more by itself where the connection had served before. */
  | { readonly kind: 'refuse' };

export interface FaultRule {
  readonly match?: {
    readonly host?: Host;
    /** Of path and query. */
    readonly path?: RegExp;
    readonly method?: string;
    /** Whether a Range was asked for. */
    readonly range?: boolean;
  };
  /** Infinity where it is left out. */
  readonly times?: number;
  readonly fault: Fault;
}

export interface FaultTarget {
  readonly host: Host;
  readonly url: string;
  readonly method: string;
  readonly range: string | undefined;
}

/** What a fault can change: any request, an answer with a body, one with the bytes of a file, or one to HEAD that tells of a file. */
export type Stage = 'request' | 'body' | 'file' | 'head';

const STAGES: Readonly<Record<Fault['kind'], readonly Stage[]>> = {
  status: ['request'],
  html: ['request'],
  refuse: ['request'],
  cut: ['body', 'file'],
  slow: ['body', 'file'],
  stall: ['body', 'file'],
  'cut-every': ['file'],
  'ignore-range': ['file'],
  'wrong-length': ['file', 'head'],
  'wrong-bytes': ['file'],
};

export class Faults {
  private readonly rules: { rule: FaultRule; left: number }[] = [];

  add(rule: FaultRule): () => void {
    const entry = { rule, left: rule.times ?? Number.POSITIVE_INFINITY };
    this.rules.push(entry);
    return () => {
      entry.left = 0;
    };
  }

  /** The first rule that stands for this, spent by one. */
  take(target: FaultTarget, stage: Stage): Fault | undefined {
    const entry = this.rules.find(({ rule, left }) => left > 0 && STAGES[rule.fault.kind].includes(stage) && matches(rule, target));
    if (entry === undefined) return undefined;
    entry.left -= 1;
    return entry.rule.fault;
  }
}

function matches({ match = {}, fault }: FaultRule, { host, url, method, range }: FaultTarget): boolean {
  if (fault.kind === 'ignore-range' && range === undefined) return false;
  // Else a rule for a file would be spent on the question that browsers ask before it.
  if (method === 'OPTIONS' && match.method !== 'OPTIONS') return false;
  return (
    (match.host === undefined || match.host === host) &&
    (match.path === undefined || match.path.test(url)) &&
    (match.method === undefined || match.method === method) &&
    (match.range === undefined || match.range === (range !== undefined))
  );
}
