import { expect, test } from 'vitest';
import type { Line } from '../api/records.ts';
import { approveAll, isClean } from './bulk.ts';

test('flagged, conflicting and decided records are looked at one by one', () => {
  const clean = { review: 'received', flags: [], conflicts: 0 } as unknown as Line;
  expect(isClean(clean)).toBe(true);
  expect(isClean({ ...clean, flags: ['late_record'] })).toBe(false);
  expect(isClean({ ...clean, conflicts: 1 })).toBe(false);
  expect(isClean({ ...clean, review: 'returned' })).toBe(false);
});

test('one refusal does not keep the others, and each record is approved once', async () => {
  const asked: number[] = [];
  const done: number[] = [];
  const outcome = await approveAll(
    [1, 2, 3, 4, 5, 6],
    async (n) => {
      asked.push(n);
      if (n === 3) throw new Error('stale');
    },
    (n) => done.push(n),
  );
  expect(outcome).toEqual({ approved: 5, refused: [new Error('stale')] });
  expect(asked.toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
  expect(done).toEqual([1, 2, 3, 4, 5, 6]);
});
