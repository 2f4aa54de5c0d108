import { expect, test } from 'vitest';
import { changedOf } from './thresholds.ts';

test('only what differs is sent, so that nobody undoes what a colleague set meanwhile', () => {
  expect(changedOf({ a: 1, b: 2 }, { a: 1, b: 3 })).toEqual({ a: null, b: 3 });
  expect(changedOf({ a: 1 }, { a: 1 })).toBeUndefined();
});
