import { expect, test } from 'vitest';
import { walk } from './walk.ts';

const pressed = (key: string, more: object = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
// In the middle, in the east, in the west and high, in the west and low.
const points = [{ x: 50, y: 30 }, { x: 90, y: 10 }, { x: 10, y: 0 }, { x: 10, y: 60 }];

const along = (key: string, from: number) => {
  const way = [from];
  for (let at = walk(pressed(key), from, points); at !== undefined && at !== way.at(-1); at = walk(pressed(key), at, points)) way.push(at);
  return way;
};

test('each pair of arrows comes past every pin, and stays at the ends', () => {
  expect(along('ArrowRight', 2)).toEqual([2, 3, 0, 1]);
  expect(along('ArrowLeft', 1)).toEqual([1, 0, 3, 2]);
  expect(along('ArrowDown', 2)).toEqual([2, 1, 0, 3]);
  expect(along('ArrowUp', 3)).toEqual([3, 0, 1, 2]);
});

test('home and end lead to the ends', () => {
  expect(walk(pressed('Home'), 0, points)).toBe(2);
  expect(walk(pressed('End'), 0, points)).toBe(1);
});

test('the browser and the map keep their own keys', () => {
  for (const key of ['Tab', 'Enter', '+', 'a']) expect(walk(pressed(key), 0, points), key).toBeUndefined();
  for (const more of [{ altKey: true }, { ctrlKey: true }, { metaKey: true }, { shiftKey: true }]) {
    expect(walk(pressed('ArrowLeft', more), 0, points)).toBeUndefined();
  }
});
