import { expect, test } from 'vitest';
import { Problem } from './problem.ts';

test('a problem body keeps its code, its detail and when to come back', () => {
  const response = new Response(null, { status: 429, headers: { 'retry-after': '4' } });
  const body = { code: 'session.too_many_attempts', title: 'Too many failed attempts.', request_id: 'ab' };
  expect(Problem.of(body, response)).toMatchObject({ code: 'session.too_many_attempts', status: 429, retryAfter: 4, requestId: 'ab' });
});

test('the page of a proxy is not taken for ours', () => {
  const problem = Problem.of('<html>', new Response(null, { status: 502 }));
  expect(problem.code).toBe('console.not_ours');
  expect(problem.passes).toBe(true);
  expect(problem.endsSession).toBe(false);
});
