import { expect, test } from 'vitest';
import { metresBetween, readPlace, roundLength, type Fix } from './place.ts';

test('places read as the core writes them', () => {
  expect(readPlace('geo:30.5,104.25,500;crs=gcj02;u=12;floor=3;mock=1')).toEqual({
    fix: true,
    lat: 30.5,
    lon: 104.25,
    accuracy: 12,
    datum: 'gcj02',
    mock: true,
  });
  expect(readPlace('nofix:timeout')).toEqual({ fix: false, reason: 'timeout' });
  for (const text of ['geo:91,0', 'geo:0,181', 'geo:x,0', 'geo:1', '1,2', 'nofix:', '']) {
    expect(readPlace(text), text).toBeUndefined();
  }
});

test('the distance is the one that the core works out', () => {
  const outlet = readPlace('geo:30,104;u=5') as Fix;
  const checkIn = readPlace('geo:30.001,104;u=20') as Fix;
  expect(metresBetween(outlet, checkIn)).toBeCloseTo(111.2, 1);
  expect(metresBetween(outlet, { ...checkIn, datum: 'gcj02' })).toBeUndefined();
});

test('scale bars have round lengths', () => {
  expect([0.7, 1, 4.9, 5, 130, 999].map(roundLength)).toEqual([0.5, 1, 2, 5, 100, 500]);
});
