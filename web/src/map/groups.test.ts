import { expect, test } from 'vitest';
import { grouped } from './groups.ts';

const at = (x: number, y: number) => ({ x, y });

test('what would hide each other is one group, where the first of it is', () => {
  expect(grouped([at(0, 0), at(50, 0), at(3, 4), at(49, 0)], 10)).toEqual([
    { x: 0, y: 0, all: [at(0, 0), at(3, 4)] },
    { x: 50, y: 0, all: [at(50, 0), at(49, 0)] },
  ]);
  expect(grouped([], 10)).toEqual([]);
});

test('no pin stands on another, and nothing is left out, however many there are', () => {
  // Spread evenly by the golden ratio: no two at the same place.
  const points = Array.from({ length: 2_000 }, (_, n) => at(((n * 0.618_034) % 1) * 1_000, (n / 2_000) * 440));
  const groups = grouped(points, 28);
  expect(groups.flatMap(({ all }) => all)).toHaveLength(2_000);
  const hidden = groups.filter((one) => groups.some((other) => one !== other && Math.hypot(one.x - other.x, one.y - other.y) < 28));
  expect(hidden).toEqual([]);
});

test('without a distance each point is a group of its own', () => {
  expect(grouped([at(1, 1), at(1, 1)], 0)).toHaveLength(2);
});
