// The one error type that people see. It crosses the worker boundary as plain data (ErrorReport) and is drawn by the page and
// the command line alike; it never carries a stack trace to a person. Invariant: `message` alone says what is wrong, with numbers.

/** What went wrong, as plain data. `code` is stable and kebab-case; `where` is a place (file, row, tensor, byte); `remedy` is what to do next. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly where?: string;
  readonly remedy?: string;
}

/** Names that come from files may be of any length. */
const longest = 2000;
const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text);

export class RetraceError extends Error {
  readonly code: string;
  readonly where: string | undefined;
  readonly remedy: string | undefined;

  constructor(report: ErrorReport) {
    super(cut(report.message));
    this.name = 'RetraceError';
    this.code = report.code;
    this.where = report.where === undefined ? undefined : cut(report.where);
    this.remedy = report.remedy === undefined ? undefined : cut(report.remedy);
  }

  toReport(): ErrorReport {
    return {
      code: this.code,
      message: this.message,
      ...(this.where === undefined ? {} : { where: this.where }),
      ...(this.remedy === undefined ? {} : { remedy: this.remedy }),
    };
  }
}

/** Any thrown value as a report; what is not ours is named `internal` so that it is recognised as a bug. */
export function reportOf(thrown: unknown): ErrorReport {
  if (thrown instanceof RetraceError) return thrown.toReport();
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: 'internal', message, remedy: 'This is a fault in Retrace. Please report it with the steps that led here.' };
}
