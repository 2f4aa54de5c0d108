import { expect, test } from 'vitest';
import { countedKeys, readChanged, staleKeys, waitBefore } from './changed.ts';

test('news says what to ask for again, and never the queue that somebody works through', () => {
  const changed = readChanged('{"records": ["01a2"], "days": [], "presence": ["01b3"]}');
  expect(changed).toEqual({ topics: ['records', 'days'], presence: ['01b3'] });
  const keys = staleKeys(changed);
  expect(keys).toContainEqual(['days']);
  expect(keys).toContainEqual(['presence', '01b3']);
  expect(keys).toContainEqual(['records', 'detail']);
  expect(keys).not.toContainEqual(['records', 'queue']);
});

test('a photo that came is shown at its record, and no page of all photos is fetched again as a whole', () => {
  expect(staleKeys(readChanged('{"photos": ["01a2"]}'))).toEqual([['records', 'detail'], ['system']]);
});

test('how the server is follows the storm of the evening: every exchange of a phone is news', () => {
  for (const topic of ['devices', 'records', 'photos', 'quarantine']) {
    expect(staleKeys(readChanged(`{"${topic}": []}`)), topic).toContainEqual(['system']);
  }
});

test('figures over many records are counted anew after news of records, and at leisure', () => {
  const changed = readChanged('{"records": []}');
  expect(countedKeys(changed)).toContainEqual(['surveys', 'figures']);
  expect(countedKeys(changed)).toContainEqual(['leads', 'stages']);
  expect(countedKeys(changed)).toContainEqual(['records', 'map']);
  expect(staleKeys(changed).flat()).not.toContain('surveys');
  expect(countedKeys(readChanged('{"audit": []}'))).toEqual([]);
});

test('what a newer server tells of, or somebody garbles, changes nothing', () => {
  expect(staleKeys(readChanged('{"weather": []}'))).toEqual([]);
  expect(staleKeys(readChanged('<html>'))).toEqual([]);
});

test('attempts come less and less often, and not at the same moment everywhere', () => {
  expect([0, 1, 2, 20].map((attempt) => waitBefore(attempt, 0))).toEqual([500, 1_000, 2_000, 30_000]);
  expect(waitBefore(20, 0.999)).toBeLessThan(60_000);
  expect(waitBefore(3, 0.9)).toBeGreaterThan(waitBefore(3, 0.1));
});
