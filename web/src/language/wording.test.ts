import { expect, test } from 'vitest';
import { languageName, length, percent, time, zoneName } from './wording.ts';

const noon = Date.UTC(2026, 10, 28, 4, 0);

test('a time names its zone unless its clocks show what the reader’s show', () => {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  expect(zoneName(noon, own)).toBeUndefined();
  expect(zoneName(noon)).toBeUndefined();
  const zones = ['Asia/Shanghai', 'Asia/Urumqi'].map((zone) => [zone, zoneName(noon, zone)]);
  const here = -new Date(noon).getTimezoneOffset() / 60;
  const name = (hours: number) => (hours === here ? undefined : `GMT+${hours}`);
  expect(zones).toEqual([['Asia/Shanghai', name(8)], ['Asia/Urumqi', name(6)]]);
  if (name(8)) expect(time(noon, 'Asia/Shanghai')).toMatch(/12:00 GMT\+8$/);
});

test('numbers carry their units as the language writes them', () => {
  expect([percent(16.4), length(200), length(2_000)]).toEqual(['16%', '200 m', '2 km']);
  expect(languageName('no language')).toBe('no language');
});
