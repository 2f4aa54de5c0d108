import i18next from 'i18next';
import { beforeAll, expect, test } from 'vitest';
import { evidenceOf } from './evidence.ts';

beforeAll(async () => {
  await i18next.init({ lng: 'en' });
});

test('travel says how far, how long, how fast and what is allowed, and to which record', () => {
  const evidence = { record: '01a2', metres: 41_300, seconds: 600, km_h: 247.8, allowed_km_h: 160 };
  expect(evidenceOf('impossible_travel', evidence)).toEqual([
    { says: 'travel', numbers: { metres: '41,300', seconds: '600', km_h: '247.8', allowed_km_h: '160' } },
    { says: 'record', record: '01a2' },
  ]);
});

test('a record outside one’s territory is said to be there, and not which', () => {
  expect(evidenceOf('duplicate_phone', { record: null })).toEqual([{ says: 'record', record: null }]);
});

test('a hasty minute says which other records it has, and how many nobody may see here', () => {
  const evidence = { records: 12, allowed_records: 10, others: ['01a2', '01a3'] };
  expect(evidenceOf('hasty_records', evidence)).toEqual([
    { says: 'rate', numbers: { records: '12', allowed_records: '10' } },
    { says: 'others', records: ['01a2', '01a3'], elsewhere: 9 },
  ]);
});

test('a flag or a part of a newer server says nothing', () => {
  expect(evidenceOf('bad_weather', { wind: 12 })).toEqual([]);
  expect(evidenceOf('outside_geofence', { metres: 'far' })).toEqual([]);
  expect(evidenceOf('mock_location', { places: ['check_in', 'moon'] })).toEqual([{ says: 'places', places: ['check_in'] }]);
});
