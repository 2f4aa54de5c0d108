/** A failure as the server tells it (RFC 9457), or as the browser does when there is no server. */
export class Problem extends Error {
  constructor(
    /** For programs: one of the codes of docs/API.md, or one of the console's own, `console.…`. */
    readonly code: string,
    /** The server's own words; shown where the console has none for the code. */
    title: string,
    readonly status: number,
    readonly detail?: string,
    readonly requestId?: string,
    /** Seconds until another attempt makes sense. */
    readonly retryAfter?: number,
  ) {
    super(title);
    this.name = 'Problem';
  }

  /** The server could not be reached at all. */
  static unreachable(): Problem {
    return new Problem('console.unreachable', 'The server cannot be reached.', 0);
  }

  /** A file stopped in its middle. */
  static brokenOff(): Problem {
    return new Problem('console.broken_off', 'The file broke off.', 0);
  }

  static of(body: unknown, response: Response): Problem {
    const retryAfter = Number(response.headers.get('retry-after')) || undefined;
    if (isProblemBody(body)) {
      return new Problem(body.code, body.title, response.status, body.detail, body.request_id, retryAfter);
    }
    // A proxy or a captive portal answered in its own words.
    return new Problem('console.not_ours', `HTTP ${response.status}`, response.status, undefined, undefined, retryAfter);
  }

  /** Whether the session has ended, so that signing in is what helps. */
  get endsSession(): boolean {
    return this.code === 'session.required';
  }

  /** Whether the same request may succeed by itself a moment later. */
  get passes(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 503 || this.code === 'console.not_ours';
  }
}

interface ProblemBody {
  code: string;
  title: string;
  detail?: string;
  request_id?: string;
}

function isProblemBody(body: unknown): body is ProblemBody {
  return typeof body === 'object' && body !== null && 'code' in body && 'title' in body;
}
