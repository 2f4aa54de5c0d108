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

test('a check-in says how sure its place is, and a jump of the clock in which line of the journal it shows', () => {
  const fence = { metres: 1_240, accuracy_metres: 12, allowed_metres: 500 };
  expect(evidenceOf('outside_geofence', fence)).toEqual([
    { says: 'geofence', numbers: { metres: '1,240', accuracy_metres: '12', allowed_metres: '500' } },
  ]);
  expect(evidenceOf('clock_jump', { seconds: -7_200, line: 31, allowed_seconds: 120 })).toEqual([
    { says: 'clock', numbers: { seconds: '-7,200', line: '31', allowed_seconds: '120' } },
  ]);
});

test('a photo that another record has too is shown before that record', () => {
  expect(evidenceOf('repeated_photo', { photo: 'ab12', record: '01a2' })).toEqual([
    { says: 'photo', photo: 'ab12' },
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
