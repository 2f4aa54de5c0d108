import { expect, test } from 'vitest';
import { together } from './together.ts';

test('what is asked for in one task is asked for once, what comes later by itself, and no question is too long', async () => {
  const asked: string[][] = [];
  const ask = together((ids) => {
    asked.push(ids);
    return Promise.resolve(ids.join(''));
  }, 3);
  expect(await Promise.all(['a', 'b', 'a', 'c', 'd'].map(ask))).toEqual(['abc', 'abc', 'abc', 'abc', 'd']);
  expect(await ask('e')).toBe('e');
  expect(asked).toEqual([['a', 'b', 'c'], ['d'], ['e']]);
});

test('a question that fails fails for all who asked, and the next one is asked anew', async () => {
  let broken = true;
  const ask = together((ids) => (broken ? Promise.reject(new Error('gone')) : Promise.resolve(ids)), 3);
  const both = await Promise.allSettled([ask('a'), ask('b')]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  broken = false;
  expect(await ask('a')).toEqual(['a']);
});
