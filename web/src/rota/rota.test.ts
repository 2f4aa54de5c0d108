import { expect, test } from 'vitest';
import { mayJoin, moved, sameRota } from './rota.ts';

const names = ['李静', '陈晨', '王芳'];

test('a consultant changes places, and nothing moves past the ends', () => {
  expect(moved(names, 2, 0)).toEqual(['王芳', '李静', '陈晨']);
  expect(moved(names, 0, 1)).toEqual(['陈晨', '李静', '王芳']);
  expect(moved(names, 0, -1)).toEqual(names);
  expect(moved(names, 2, 3)).toEqual(names);
  expect(names).toEqual(['李静', '陈晨', '王芳']);
});

test('whoever joins has a name of their own', () => {
  expect(mayJoin(names, ' 赵敏 ')).toBe(true);
  expect([mayJoin(names, ' 李静 '), mayJoin(names, ' '), mayJoin(names, '长'.repeat(101))]).toEqual([false, false, false]);
});

test('a rota is its order', () => {
  expect(sameRota(names, [...names])).toBe(true);
  expect(sameRota(names, moved(names, 0, 1))).toBe(false);
});
