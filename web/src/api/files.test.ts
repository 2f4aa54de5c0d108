import { expect, test } from 'vitest';
import { gather, type Pieces } from './files.ts';

const piece = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;

test('a file is put together from its pieces, and it is said how much has come', async () => {
  const pieces: Pieces = new ReadableStream({
    start(stream) {
      for (const text of ['编号', ',', 'abc']) stream.enqueue(piece(text));
      stream.close();
    },
  });
  const heard: number[] = [];
  const file = await gather(pieces, (bytes) => heard.push(bytes));
  expect(await file.text()).toBe('编号,abc');
  expect(heard).toEqual([6, 7, 10]);
});

test('a file that breaks off is none, and giving up is no failure of the server', async () => {
  const ending = (error: Error): Pieces =>
    new ReadableStream({
      start: (stream) => stream.enqueue(piece('half')),
      pull: (stream) => stream.error(error),
    });
  await expect(gather(ending(new TypeError('network')), () => {})).rejects.toMatchObject({ code: 'console.broken_off' });
  await expect(gather(ending(new DOMException('', 'AbortError')), () => {})).rejects.toMatchObject({ name: 'AbortError' });
});
