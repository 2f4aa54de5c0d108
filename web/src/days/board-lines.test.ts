import { expect, test } from 'vitest';
import type { Board, BoardDevice, BoardLine } from '../api/days.ts';
import { countedOn, isMissing, missingPhones, ordered, rowsOf } from './board-lines.ts';

const phone = (id: string, more: Partial<BoardDevice> = {}): BoardDevice => ({
  id,
  person: 'p',
  label: id,
  app: 'app/1',
  enrolled_at: 0,
  journal_n: 0,
  unsent: { records: 0, changes: 0, photos: 0, bytes: 0 },
  ...more,
});

const line = (name: string, lead: number, devices: BoardDevice[]): BoardLine => ({
  person: name,
  name,
  counts: { visit: 0, survey: 0, lead, flagged: 0 },
  late: 0,
  devices,
});

const names = (lines: BoardLine[]) => lines.map(({ name }) => name).join('');

const people = [
  line('A', 1, [phone('a', { last_exchange_at: 50 }), phone('b', { absence: 'never' })]),
  line('B', 3, [phone('c', { last_exchange_at: 90, skew_ms: -70_000 })]),
  line('C', 1, []),
  line('D', 2, [phone('d', { absence: 'unsent', last_exchange_at: 70, skew_ms: 5, unsent: { records: 1, changes: 4, photos: 0, bytes: 9 } })]),
];

test('each phone that is missing is named with whose it is', () => {
  const missing = missingPhones({ people } as Board);
  expect(missing.map(({ person, device }) => `${person}/${device.id}/${device.absence}`)).toEqual(['A/b/never', 'D/d/unsent']);
  expect(names(people.filter(isMissing))).toBe('AD');
});

test('lines stand in any order, and whoever has no phone at the end', () => {
  expect(names(ordered(people, undefined))).toBe('ABCD');
  expect(names(ordered(people, { by: 'lead', descending: true }))).toBe('BDAC');
  expect(names(ordered(people, { by: 'exchange', descending: false }))).toBe('ADBC');
  expect(names(ordered(people, { by: 'exchange', descending: true }))).toBe('BDAC');
  expect(names(ordered(people, { by: 'skew', descending: true }))).toBe('BDAC');
  expect(names(ordered(people, { by: 'unsent', descending: true }))).toBe('DABC');
  expect(names(ordered(people, { by: 'name', descending: true }))).toBe('DCBA');
  expect(names(people)).toBe('ABCD');
});

test('a person with two phones stands beside both', () => {
  expect(rowsOf(people).map(({ key, reach }) => `${key}${reach}`)).toEqual(['a2', 'b0', 'c1', 'C1', 'd1']);
});

test('the board knows how many records its own numbers lead to, and says nothing of other lists', () => {
  const total = { visit: 0, survey: 0, lead: 7, flagged: 2 };
  const board = { office: 'o', day: '2026-11-29', total, people } as Board;
  const number = { made_in: 'o', day: '2026-11-29' };
  expect(countedOn(board, { ...number, kind: 'lead' })).toBe(7);
  expect(countedOn(board, { ...number, made_by: 'B', kind: 'lead' })).toBe(3);
  expect(countedOn(board, { ...number, flag: 'any' })).toBe(2);
  expect(countedOn(board, { ...number, made_by: 'nobody', kind: 'lead' })).toBeUndefined();
  const others = [{ ...number, kind: 'lead', flag: 'any' }, { ...number, flag: 'late_record' }, number] as const;
  for (const other of others) expect(countedOn(board, other)).toBeUndefined();
  expect(countedOn(board, { ...number, kind: 'lead', text: '王' })).toBeUndefined();
  expect(countedOn(board, { ...number, day: '2026-11-28', kind: 'lead' })).toBeUndefined();
});
