import { Problem } from '../problem/problem.ts';
import { answer, api } from './client.ts';
import type { RecordFilter } from './records.ts';

export const FORMS = ['csv', 'xlsx'] as const;
export type FileForm = (typeof FORMS)[number];

/** A file that arrives piece by piece while the server makes it. */
export type Pieces = ReadableStream<Uint8Array<ArrayBuffer>>;

/** All records of a filter as a file. */
export const exportRecords = (filter: RecordFilter, form: FileForm, language: string, signal: AbortSignal) =>
  answer(
    api.GET('/api/v1/records/export', { params: { query: { ...filter, form, language } }, parseAs: 'stream', signal }),
  ) as Promise<unknown> as Promise<Pieces>;

/** The whole audit trail as a file. */
export const exportTrail = (signal: AbortSignal) =>
  answer(api.GET('/api/v1/audit/export', { parseAs: 'stream', signal })) as Promise<unknown> as Promise<Pieces>;

/** The whole of a file. One that breaks off is none: its beginning must not pass for all of it. */
export async function gather(pieces: Pieces, onReceived: (bytes: number) => void): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const reader = pieces.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return new Blob(parts);
      parts.push(value);
      bytes += value.length;
      onReceived(bytes);
    }
  } catch (cause) {
    throw cause instanceof DOMException && cause.name === 'AbortError' ? cause : Problem.brokenOff();
  }
}
