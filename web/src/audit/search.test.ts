import { expect, test } from 'vitest';
import { readAuditSearch, trailFilter } from './search.ts';

test('the last day belongs to the days that are asked for', () => {
  const filter = trailFilter({ from: '2026-11-28', to: '2026-11-28' }, 'Asia/Shanghai');
  expect(filter).toEqual({
    person: undefined,
    from: Date.parse('2026-11-28T00:00+08:00'),
    to: Date.parse('2026-11-29T00:00+08:00'),
  });
  expect(trailFilter({ person: 'p' }, undefined)).toEqual({ person: 'p', from: undefined, to: undefined });
});

test('an address with days that are none still shows the list', () => {
  expect(readAuditSearch({ from: '2026-02-30', to: 5, person: 'p', other: 1 })).toEqual({ person: 'p' });
});
