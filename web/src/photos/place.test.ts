import { expect, test } from 'vitest';
import { keepPlace, lookedInVain, mayBeBelow, withBeginning } from './place.ts';

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

/** Photos by their time, from 9 to 1; two of the same time have their names for an order. */
const page = (said: string, next?: string) => ({
  items: said.split(' ').map((photo) => ({ stored_at: Number(photo[0]), hash: photo })),
  next,
});

test('news that the beginning does not explain may be of photos below, where some are known', () => {
  const known = [page('7 6', 'after 6'), page('5 4', 'after 4')];
  expect(mayBeBelow(page('7 6', 'after 6'), known)).toBe(true);
  expect(mayBeBelow(page('8 7 6', 'after 6'), known)).toBe(false);
  expect(mayBeBelow(page('7', 'after 7'), [page('7 6', 'after 6')])).toBe(true);
  expect(mayBeBelow(page('7 6', 'after 6'), [page('7 6', 'after 6')])).toBe(false);
  expect(mayBeBelow(page('7 6 5 4'), known)).toBe(false);
  // One of a beginning that went elsewhere is gone from it.
  expect(mayBeBelow(page('7 5', 'after 5'), known)).toBe(false);
});

test('a beginning that was fetched again takes the place of what it reaches, and of nothing else', () => {
  const said = (pages: { items: { hash: string }[]; next?: string | null }[]) =>
    pages.map(({ items, next }) => `${items.map(({ hash }) => hash).join(' ')} > ${next}`);
  const known = [page('7 6 5b', 'after 5b'), page('5a 4', 'after 4')];
  expect(said(withBeginning(page('9 8 7', 'after 7'), known))).toEqual(['9 8 7 6 5b > after 5b', '5a 4 > after 4']);
  // 6 has gone elsewhere; 5c was named by a record that came later than it.
  expect(said(withBeginning(page('7 5c 5b', 'after 5b'), known))).toEqual(['7 5c 5b > after 5b', '5a 4 > after 4']);
  expect(said(withBeginning(page('9 8 7 6 5b 5a', 'on'), known))).toEqual(['9 8 7 6 5b 5a > after 5b', '4 > after 4']);
  expect(said(withBeginning(page('9'), known))).toEqual(['9 > undefined']);
  expect(said(withBeginning(page('9', 'on'), []))).toEqual(['9 > on']);
});
