import { expect, test } from 'vitest';
import { gather, type Arriving, type Pieces, type Received } from './files.ts';

const piece = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;

const inPieces = (...texts: string[]): Pieces =>
  new ReadableStream({
    start(stream) {
      for (const text of texts) stream.enqueue(piece(text));
      stream.close();
    },
  });

async function received(arriving: Arriving): Promise<[string, Received[]]> {
  const heard: Received[] = [];
  const file = await gather(arriving, (received) => heard.push(received));
  return [await file.text(), heard];
}

test('a text is put together from its pieces, and it is said how many rows have come', async () => {
  const pieces = inPieces('编号', '\n"a\n', 'b"\n');
  expect(await received({ pieces, counted: 'by lines' })).toEqual([
    '编号\n"a\nb"\n',
    [
      { bytes: 6, written: 0 },
      { bytes: 10, written: 0 },
      { bytes: 13, written: 1 },
    ],
  ]);
});

test('what stands in front of a spreadsheet says how many rows are written, and is no part of it', async () => {
  const pieces = inPieces('200\n4', '00\n', '450\n\nPK\n', '\n7\n');
  expect(await received({ pieces, counted: 'in front' })).toEqual([
    'PK\n\n7\n',
    [
      { bytes: 0, written: 200 },
      { bytes: 0, written: 400 },
      { bytes: 3, written: 450 },
      { bytes: 6, written: 450 },
    ],
  ]);
});

test('a file that breaks off is none, and giving up is no failure of the server', async () => {
  const ending = (error: Error): Pieces =>
    new ReadableStream({
      start: (stream) => stream.enqueue(piece('half')),
      pull: (stream) => stream.error(error),
    });
  const gone = (pieces: Pieces, counted?: Arriving['counted']) => expect(gather({ pieces, counted }, () => {})).rejects;
  await gone(ending(new TypeError('network'))).toMatchObject({ code: 'console.broken_off' });
  await gone(ending(new DOMException('', 'AbortError'))).toMatchObject({ name: 'AbortError' });
  await gone(inPieces('200\n'), 'in front').toMatchObject({ code: 'console.broken_off' });
});
