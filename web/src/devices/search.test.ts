import { expect, test } from 'vitest';
import { holdsUnsent, readDeviceSearch, statusOf, versionsOf, type Device } from './search.ts';

const device = (more: Partial<Device>) => ({ unsent: { changes: 0, photos: 0 }, ...more }) as Device;

test('a phone stands where its last step took it', () => {
  expect(statusOf(device({}))).toBe('active');
  expect(statusOf(device({ revoked_at: 1 }))).toBe('revoked');
  expect(statusOf(device({ revoked_at: 1, deposited_at: 2 }))).toBe('deposited');
  expect(statusOf(device({ revoked_at: 1, wipe_ordered_at: 2, deposited_at: 3 }))).toBe('wiping');
  expect(statusOf(device({ revoked_at: 1, wipe_ordered_at: 2, wiped_at: 4 }))).toBe('wiped');
});

test('photos are a backlog too', () => {
  expect(holdsUnsent(device({ unsent: { changes: 0, photos: 2, records: 0, bytes: 9 } }))).toBe(true);
  expect(holdsUnsent(device({}))).toBe(false);
});

test('addresses keep what is understood', () => {
  expect(readDeviceSearch({ status: 'broken', unsent: true, person: 'p' })).toEqual({ unsent: true, person: 'p' });
  expect(readDeviceSearch({ app: 1.2 })).toEqual({ app: '1.2' });
});

test('the versions of the app are offered once each, the newest first', () => {
  const devices = ['0.9.1', '0.10.0', '0.9.1', '0.2.0'].map((app) => device({ app }));
  expect(versionsOf(devices)).toEqual(['0.10.0', '0.9.1', '0.2.0']);
});
