import { expect, test } from 'vitest';
import { chosenDays, narrow, readFilter, readRecordSearch } from './search.ts';

const OFFICE = '01a21ff1-7274-741a-92e8-4fd005399771';
const TEAM = '01a21ff1-7c32-76e3-80fb-33de6c659172';

test('an address holds what the server understands and nothing else', () => {
  expect(readRecordSearch({ kind: 'lead', conflict: true, day: '2026-11-28', after: 'AAAB', nonsense: 1 })).toEqual({
    kind: 'lead',
    conflict: true,
    day: '2026-11-28',
    after: 'AAAB',
  });
  expect(readFilter({ kind: 'leads', office: 'x', day: '28.11.2026', state: 'good', conflict: 'yes' })).toEqual({});
});

test('the end of a phone number is text, though the address reads it as a number', () => {
  expect(readFilter({ text: 1821 })).toEqual({ text: '1821' });
  expect(readFilter({ text: '  ' })).toEqual({});
});

test('an empty name of a consultant means customers whom nobody received', () => {
  expect(readFilter({ received_by: '', sealed_in: 0 })).toEqual({ received_by: '', sealed_in: 0 });
  expect(readFilter({ received_by: 1821, sealed_in: -1 })).toEqual({ received_by: '1821' });
});

test('what numbers of other pages lead to is a condition, and nothing that only looks like one', () => {
  const photo = 'a7'.repeat(32);
  expect(readFilter({ unsealed: true, photo, unsearchable: true })).toEqual({ unsealed: true, photo, unsearchable: true });
  expect(readFilter({ unsealed: false, photo: 'a7', unsearchable: 'yes' })).toEqual({});
});

test('another office lets go of team and promoter, and every change begins at the first page', () => {
  const filter = { office: OFFICE, team: TEAM, kind: 'visit' as const };
  expect(narrow(filter, { office: undefined })).toEqual({ kind: 'visit' });
  expect(narrow(filter, { kind: undefined })).toEqual({ office: OFFICE, team: TEAM });
  expect(narrow({ ...filter, after: 'AAAB' } as never, { kind: 'lead' })).not.toHaveProperty('after');
});

test('a single day is asked for as one, a range by its ends', () => {
  expect(chosenDays('2026-11-28', '2026-11-28')).toEqual({ day: '2026-11-28' });
  expect(chosenDays('2026-11-01', '2026-11-28')).toEqual({ from: '2026-11-01', to: '2026-11-28' });
  expect(narrow({ day: '2026-11-28' }, chosenDays('2026-11-01', undefined))).toEqual({ from: '2026-11-01' });
  expect(narrow({ from: '2026-11-01' }, chosenDays(undefined, undefined))).toEqual({});
});
