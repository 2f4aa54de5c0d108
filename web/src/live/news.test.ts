import { QueryClient, type InvalidateQueryFilters } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Hear } from './line.ts';
import { followNews } from './news.ts';

const line = vi.hoisted(() => ({ hear: undefined as Hear | undefined }));
vi.mock('./one-line.ts', () => ({
  shareLine: (hear: Hear) => {
    line.hear = hear;
    return () => (line.hear = undefined);
  },
}));

const FIGURES = ['leads stages', 'leads received', 'surveys figures'];

let asked: string[];
let leave: () => void;
beforeEach(() => {
  vi.useFakeTimers();
  const cache = new QueryClient();
  asked = [];
  vi.spyOn(cache, 'invalidateQueries').mockImplementation(({ queryKey }: InvalidateQueryFilters = {}) => {
    asked.push((queryKey ?? []).join(' '));
    return Promise.resolve();
  });
  leave = followNews(cache);
});
afterEach(() => {
  leave();
  vi.useRealTimers();
});

const tell = (...topics: string[]) =>
  line.hear?.({ kind: 'changed', data: JSON.stringify(Object.fromEntries(topics.map((topic) => [topic, []]))) });

const figuresAsked = () => asked.filter((key) => FIGURES.includes(key));

test('lists are fetched again at once after news of records, figures once half a minute later', () => {
  tell('records');
  vi.advanceTimersByTime(0);
  expect(asked).toContain('records page');
  for (let second = 1; second < 30; second += 1) {
    vi.advanceTimersByTime(1_000);
    tell('records', 'days');
  }
  vi.advanceTimersByTime(999);
  expect(figuresAsked()).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(figuresAsked()).toEqual(FIGURES);
});

test('figures are counted anew as long as news come, and not without', () => {
  tell('records');
  vi.advanceTimersByTime(30_000);
  expect(figuresAsked()).toEqual(FIGURES);
  vi.advanceTimersByTime(600_000);
  expect(figuresAsked()).toEqual(FIGURES);
  tell('records');
  vi.advanceTimersByTime(30_000);
  expect(figuresAsked()).toEqual([...FIGURES, ...FIGURES]);
});

test('news of other things count no figure, and whoever has left is told nothing', () => {
  tell('audit', 'devices');
  vi.advanceTimersByTime(60_000);
  expect(asked).toContain('audit trail');
  expect(figuresAsked()).toEqual([]);
  tell('records');
  leave();
  asked = [];
  vi.advanceTimersByTime(60_000);
  expect(asked).toEqual([]);
});

test('when the line comes back, all that may have changed meanwhile is asked for, figures at leisure too', () => {
  line.hear?.({ kind: 'ready' });
  vi.advanceTimersByTime(60_000);
  expect(asked).toEqual([]);
  line.hear?.({ kind: 'lost' });
  line.hear?.({ kind: 'ready' });
  vi.advanceTimersByTime(0);
  for (const key of ['records page', 'days', 'devices', 'audit trail', 'system']) expect(asked).toContain(key);
  vi.advanceTimersByTime(30_000);
  expect(figuresAsked()).toEqual(FIGURES);
});
