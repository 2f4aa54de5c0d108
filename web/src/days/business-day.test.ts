import { expect, test } from 'vitest';
import { dayIn, daysLater, isDay, momentIn, wallIn } from './business-day.ts';

test('a day is the office’s own, wherever one looks at it', () => {
  const evening = Date.UTC(2026, 2, 5, 15, 59);
  expect(dayIn('Asia/Shanghai', evening)).toBe('2026-03-05');
  expect(dayIn('Asia/Shanghai', evening + 60_000)).toBe('2026-03-06');
  expect(dayIn('America/New_York', evening)).toBe('2026-03-05');
});

test('a time that is typed is meant by the office’s clocks, summer time included', () => {
  expect(momentIn('Asia/Shanghai', '2026-03-05T18:30')).toBe(Date.UTC(2026, 2, 5, 10, 30));
  expect(momentIn('Europe/Berlin', '2026-03-28T12:00')).toBe(Date.UTC(2026, 2, 28, 11));
  expect(momentIn('Europe/Berlin', '2026-03-29T12:00')).toBe(Date.UTC(2026, 2, 29, 10));
});

test('a time that is edited is shown by the office’s clocks, and comes back as it was', () => {
  for (const zone of ['Asia/Shanghai', 'America/New_York', 'Asia/Kathmandu', undefined]) {
    for (const at of [Date.UTC(2026, 2, 5, 15, 59, 7), Date.UTC(2026, 6, 1, 3)]) expect(momentIn(zone, wallIn(zone, at))).toBe(at);
  }
  expect(wallIn('Asia/Shanghai', Date.UTC(2026, 2, 5, 15, 59, 7))).toBe('2026-03-05T23:59:07');
});

test('days follow each other by the calendar', () => {
  expect(daysLater('2026-02-28', 1)).toBe('2026-03-01');
  expect(daysLater('2027-01-01', -1)).toBe('2026-12-31');
  expect([isDay('2026-02-28'), isDay('2026-02-30'), isDay('today')]).toEqual([true, false, false]);
});
