import { expect, test } from 'vitest';
import { readPlace, type Fix } from './place.ts';
import { drawn } from './scale.ts';

const fix = (text: string) => readPlace(text) as Fix;
const size = { width: 360, height: 200 };

test('places are drawn to scale, north up, as far apart as they fit', () => {
  const { points, scale } = drawn([fix('geo:30,104'), fix('geo:30.001,104'), fix('geo:30,104.001')], size);
  const [middle, north, east] = points;
  // A thousandth of a degree of latitude is 111 m: what is highest touches the margins.
  expect(scale * 111.2).toBeCloseTo(200 - 56, 0);
  expect(middle!.y - north!.y).toBeCloseTo(200 - 56, 0);
  expect(north!.x).toBe(middle!.x);
  expect(east!.x - middle!.x).toBeCloseTo((200 - 56) * Math.cos(Math.PI / 6), 0);
});

test('how sure a place is belongs to what has to fit', () => {
  const { points } = drawn([fix('geo:30,104;u=500')], size);
  expect(points).toEqual([{ x: 180, y: 100, radius: (200 - 56) / 2 }]);
  expect(drawn([], size).points).toEqual([]);
});
