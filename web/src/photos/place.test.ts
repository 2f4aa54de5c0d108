import { expect, test } from 'vitest';
import { keepPlace, lookedInVain } from './place.ts';

const photos = (hashes: string) => [...hashes].map((hash) => ({ hash }));
const hashes = (photos: { hash: string }[]) => photos.map(({ hash }) => hash).join('');

test('a page without photos is passed over as long as others follow', () => {
  const [some, none] = [{ items: [1] }, { items: [] }];
  expect(lookedInVain([])).toBe(false);
  expect(lookedInVain([some, { ...none, next: 'on' }])).toBe(true);
  expect(lookedInVain([{ ...none, next: 'on' }, { ...some, next: 'on' }])).toBe(false);
  expect(lookedInVain([none])).toBe(false);
  expect(lookedInVain([{ ...none, next: null }])).toBe(false);
});

test('what comes in moves nothing that somebody looks at, and what they ask for is shown', () => {
  expect(keepPlace(photos('cab'))).toEqual({ shown: photos('cab'), waiting: 0 });
  const { shown, waiting } = keepPlace(photos('xaybcz'), new Set('abc'));
  expect([hashes(shown), waiting]).toEqual(['abcz', 2]);
  // One whose record went elsewhere is not kept.
  expect(hashes(keepPlace(photos('xac'), new Set('abc')).shown)).toBe('ac');
  expect(keepPlace(photos('xy'), new Set('abc'))).toEqual({ shown: photos('xy'), waiting: 0 });
});
