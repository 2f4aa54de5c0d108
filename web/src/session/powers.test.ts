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

test('offices close their days and receive customers, head quarters looks on, the field does neither', () => {
  for (const role of ['secretary', 'office_manager', 'hq_admin'] as const) {
    expect(powersOf(role)).toMatchObject({ seeDays: true, closeDays: true, receive: true });
  }
  for (const role of ['reviewer', 'auditor'] as const) {
    expect(powersOf(role)).toMatchObject({ seeDays: true, closeDays: false, receive: false });
  }
  for (const role of ['promoter', 'supervisor'] as const) {
    expect(powersOf(role)).toMatchObject({ seeDays: false, closeDays: false, receive: false });
  }
});
