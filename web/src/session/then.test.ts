import { expect, test } from 'vitest';
import { readThen } from './then.ts';

test('after signing in one stays in the console', () => {
  expect(readThen({ then: '/records?state=received' })).toEqual({ then: '/records?state=received' });
  for (const then of ['https://example.com/', '//example.com', '/\\example.com', '/sign-in', 7, undefined]) {
    expect(readThen({ then }), String(then)).toEqual({});
  }
});
