import { expect, test } from 'vitest';
import type { MissingPhone } from './board-lines.ts';
import { explanations, newcomers, sameForAll, unexplained } from './reasons.ts';

const missing = ['a', 'b'].map((id) => ({ device: { id }, person: id.toUpperCase() }) as MissingPhone);

test('each missing phone wants a reason of its own, and blanks are none', () => {
  expect(unexplained(missing, { a: ' ', b: '没电了' }).map(({ person }) => person)).toEqual(['A']);
  expect(unexplained(missing, sameForAll(missing, '没电了'))).toEqual([]);
});

test('only phones that are missing now are explained', () => {
  expect(explanations(missing, { a: ' 没电了 ', b: '请假', gone: '已同步' })).toEqual([
    { device: 'a', reason: '没电了' },
    { device: 'b', reason: '请假' },
  ]);
});

test('a phone that went missing meanwhile is told apart', () => {
  expect(newcomers(missing, new Set(['a'])).map(({ person }) => person)).toEqual(['B']);
});
