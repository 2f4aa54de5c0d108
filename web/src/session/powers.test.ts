import { expect, test } from 'vitest';
import { mayDecideAmendment, powersOf } from './powers.ts';

test('an office decides about amendments until head quarters has closed the record', () => {
  expect(mayDecideAmendment('secretary', 'received')).toBe(true);
  expect(mayDecideAmendment('secretary', 'approved')).toBe(false);
  expect(mayDecideAmendment('secretary', undefined)).toBe(false);
  expect(mayDecideAmendment('reviewer', 'approved')).toBe(true);
  expect(mayDecideAmendment('auditor', 'received')).toBe(false);
});

test('an auditor sees everything and decides nothing', () => {
  const { review, reassign, decideQuarantine, cutOff, administer, seeQuarantine, seeAmendments } = powersOf('auditor');
  expect([review, reassign, decideQuarantine, cutOff, administer]).toEqual([false, false, false, false, false]);
  expect([seeQuarantine, seeAmendments]).toEqual([true, true]);
});
