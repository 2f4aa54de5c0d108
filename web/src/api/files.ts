import { Problem } from '../problem/problem.ts';
import { answer, api } from './client.ts';
import type { paths } from './schema.d.ts';

export const FORMS = ['csv', 'xlsx'] as const;
export type FileForm = (typeof FORMS)[number];

/** A file that arrives piece by piece while the server makes it. */
export type Pieces = ReadableStream<Piece>;
type Piece = Uint8Array<ArrayBuffer>;

/** A file on its way. */
export interface Arriving {
  pieces: Pieces;
  /** What tells how many rows of it are written: the lines that come, or lines in front of it, each with their number
   * so far, up to an empty one. */
  counted?: 'by lines' | 'in front';
  /** How many rows a table has below its heading, where the server could count them. */
  rows?: number;
}

type ExportPath = Extract<keyof paths, `${string}/export`>;

/** What a list is asked with, but for what concerns the file. */
type Asked<P extends ExportPath> = Omit<paths[P]['get']['parameters'], 'query'> & {
  query: Omit<paths[P]['get']['parameters']['query'], 'form' | 'language' | 'progress'>;
};

/** A list that can be taken away: all of it that a filter finds, in the order of its page. */
export type Exported = (form: FileForm, language: string, signal: AbortSignal) => Promise<Arriving>;

/** The list of an address. */
export function exported<P extends ExportPath>(path: P, { query, ...params }: Asked<P>): Exported {
  return (form, language, signal) => {
    // Which parameters there are depends on the path, which the client can't follow through a type of ours.
    const counted = form === 'csv' ? 'by lines' : 'in front';
    const progress = counted === 'in front' ? true : undefined;
    const asked = { ...params, query: { ...query, form, language, progress } } as never;
    return arriving(api.GET(path as '/api/v1/records/export', { params: asked, parseAs: 'stream', signal }), counted);
  };
}

/** The whole audit trail with its links as a file. */
export const trailChain = (signal: AbortSignal): Promise<Arriving> =>
  arriving(api.GET('/api/v1/audit/chain', { parseAs: 'stream', signal }));

async function arriving(
  call: Promise<{ data?: unknown; error?: unknown; response: Response }>,
  counted?: Arriving['counted'],
): Promise<Arriving> {
  const pieces = (await answer(call)) as Pieces;
  const rows = (await call).response.headers.get('daybook-rows');
  return { pieces, counted, rows: rows === null ? undefined : Number(rows) };
}

/** How much of a file there is. */
export interface Received {
  bytes: number;
  /** Rows below the heading that are written, where that is told. */
  written?: number;
}

const [QUOTE, LINE_END] = [0x22, 0x0a];

/** Counts the rows of a text by the lines that have ended: those within quotes belong to a value, and the first is the
 * heading. */
function countLines() {
  let [lines, quoted] = [0, false];
  return (piece: Piece) => {
    for (const byte of piece) {
      if (byte === QUOTE) quoted = !quoted;
      else if (byte === LINE_END && !quoted) lines += 1;
    }
    return { file: piece, written: Math.max(lines - 1, 0) };
  };
}

/** Reads what stands in front of a file. */
function readFront() {
  let [written, line, isFile] = [0, '', false];
  return (piece: Piece) => {
    let read = 0;
    while (!isFile && read < piece.length) {
      const byte = piece[read] ?? LINE_END;
      read += 1;
      if (byte !== LINE_END) line += String.fromCharCode(byte);
      else {
        isFile = line === '';
        written = isFile ? written : Number(line);
        line = '';
      }
    }
    return { file: piece.subarray(read), written };
  };
}

const asItComes = () => (piece: Piece) => ({ file: piece, written: undefined });

/** The whole of a file. One that breaks off is none: its beginning must not pass for all of it. */
export async function gather({ pieces, counted }: Arriving, onReceived: (received: Received) => void): Promise<Blob> {
  const parts: Piece[] = [];
  let bytes = 0;
  const read = counted === 'by lines' ? countLines() : counted === 'in front' ? readFront() : asItComes();
  const reader = pieces.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const { file, written } = read(value);
      if (file.length > 0) parts.push(file);
      bytes += file.length;
      onReceived({ bytes, written });
    }
  } catch (cause) {
    throw cause instanceof DOMException && cause.name === 'AbortError' ? cause : Problem.brokenOff();
  }
  // No file of ours is empty: it ended in what stands in front of it.
  if (bytes === 0) throw Problem.brokenOff();
  return new Blob(parts);
}
