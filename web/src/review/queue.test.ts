import { expect, test } from 'vitest';
import { isOpen, neighbour, nextOpen, standingOutcomes, tally, type Outcome, type Outcomes } from './queue.ts';

const outcomes = (standings: Record<string, Outcome['standing']>): Outcomes =>
  new Map(Object.entries(standings).map(([id, standing]) => [id, { state: 'approved', standing } as Outcome]));
const IDS = ['a', 'b', 'c', 'd'];

test('after a decision comes the next record that wants one, and what was refused wants one again', () => {
  expect(nextOpen(IDS, outcomes({ a: 'sending' }), 'a')).toBe('b');
  expect(nextOpen(IDS, outcomes({ a: 'taken', b: 'sending' }), 'a')).toBe('c');
  expect(nextOpen(IDS, outcomes({ a: 'refused', b: 'taken', c: 'taken', d: 'sending' }), 'd')).toBe('a');
  expect(nextOpen(IDS, outcomes({ a: 'taken', b: 'taken', c: 'taken', d: 'sending' }), 'd')).toBeUndefined();
  expect(isOpen(outcomes({ a: 'refused' }), 'a')).toBe(true);
});

test('steps end at the ends', () => {
  expect(neighbour(IDS, undefined, 1)).toBe('a');
  expect(neighbour(IDS, 'a', -1)).toBe('a');
  expect(neighbour(IDS, 'd', 1)).toBe('d');
  expect(neighbour(IDS, 'b', 1)).toBe('c');
  expect(neighbour([], 'b', 1)).toBeUndefined();
});

test('only what the server has taken counts as decided', () => {
  expect(tally(outcomes({ a: 'taken', b: 'sending', c: 'refused', d: 'taken' }))).toEqual({ taken: 2, sending: 1, refused: 1 });
});

test('a record that was reopened and fetched again wants another decision', () => {
  const taken: Outcomes = new Map([['a', { state: 'approved', standing: 'taken', at: 5 }], ['b', { state: 'approved', standing: 'taken', at: 5 }]]);
  const standing = standingOutcomes(taken, [{ id: 'a', updated_at: 4 }, { id: 'b', updated_at: 6 }]);
  expect([...standing.keys()]).toEqual(['a']);
});
