import { expect, test } from 'vitest';
import { readTiles } from './tiles.ts';

test('without tiles there is no map', () => {
  for (const content of [undefined, '', '__MAP__', '{}', '{"url":""}']) expect(readTiles(content)).toBeUndefined();
});

test('tiles are drawn in the coordinate system that the server names', () => {
  const url = 'https://tiles.example.com/{z}/{x}/{y}.png';
  expect(readTiles(JSON.stringify({ url, datum: 'gcj02' }))).toEqual({ url, attribution: '', datum: 'gcj02' });
  expect(readTiles(JSON.stringify({ url, attribution: '© OSM' }))).toEqual({ url, attribution: '© OSM', datum: 'wgs84' });
});
