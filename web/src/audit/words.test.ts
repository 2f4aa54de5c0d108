import { expect, test } from 'vitest';
import type { TrailEntry } from '../api/audit.ts';
import { detailText, recordOf } from './words.ts';

test('an entry leads to the record that it is about', () => {
  const about = (subject: string) => recordOf({ subject } as TrailEntry);
  expect(about('/api/v1/records/01a21ff1-7274-741a-92e8-4fd005399771/review')).toBe('01a21ff1-7274-741a-92e8-4fd005399771');
  expect(about('/api/v1/records/export')).toBeUndefined();
  expect(about('daybook admin')).toBeUndefined();
});

test('what was done is said on one line, without what was taken out', () => {
  expect(detailText({ state: 'returned', reason: '请补充', seen: ['ab'], password: null })).toBe('state: returned · reason: 请补充 · seen: ["ab"]');
  expect(detailText('form=csv&text=%E6%9D%8E')).toBe('form=csv&text=李');
  expect(detailText('%E6%9')).toBe('%E6%9');
  expect(detailText(null)).toBe('');
});
