import { expect, test } from 'vitest';
import { areOwn, changesSince } from './changes-since.ts';
import type { HistoryLine } from './shape.ts';

const line = (change: string, field: string) => ({ change, field }) as HistoryLine;

test('what changed since is what belongs to changes that were not there', () => {
  const older = [line('a', 'name'), line('a', 'budget')];
  const newer = [...older, line('b', 'name'), line('c', 'notes')];
  expect(changesSince(older, newer).map((line) => line.field)).toEqual(['notes', 'name']);
  expect(changesSince(newer, newer)).toEqual([]);
});

test('what one did at the console is no news, what one did on a phone or others did is', () => {
  const own = { change: 'a', person: 'me' } as HistoryLine;
  expect(areOwn([own, own], 'me')).toBe(true);
  expect(areOwn([own, { ...own, device: 'phone' }], 'me')).toBe(false);
  expect(areOwn([own, { ...own, person: 'somebody' }], 'me')).toBe(false);
});
