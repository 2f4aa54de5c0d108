import { expect, test } from 'vitest';
import { STAGES } from '../records/search.ts';
import { ladderOf } from './stages.ts';

test('stages stand in their order, the empty ones too, and what has none or a name of its own is not lost', () => {
  const { rungs, all } = ladderOf([
    { stage: 'signed', leads: 2 },
    { stage: 'own_stage', leads: 1 },
    { stage: null, leads: 4 },
    { stage: 'registered', leads: 9 },
  ]);
  expect(rungs.map(({ stage }) => stage)).toEqual([undefined, ...STAGES, 'own_stage']);
  expect(rungs.find(({ stage }) => stage === 'arrived')?.leads).toBe(0);
  expect(all).toBe(16);
});
