import { expect, test } from 'vitest';
import { codeIn, invitationAddress, remaining } from './invitation.ts';

test('the code stands where no server hears of it, and is found there again', () => {
  const address = new URL(invitationAddress('https://daybook.example.com', '7K3M-9QTX-04BZ-RF6W'));
  expect(address.href.split('#')[0]).toBe('https://daybook.example.com/enrol');
  expect(codeIn(address.hash)).toBe('7K3M-9QTX-04BZ-RF6W');
  expect(codeIn('')).toBeUndefined();
  expect(codeIn('#<b>')).toBeUndefined();
});

test('what is left is said to the second, until nothing is', () => {
  expect(remaining(3_600_000, 0)).toBe('1:00:00');
  expect(remaining(3_547_000, 0)).toBe('59:07');
  expect(remaining(1_000, 1)).toBe('0:01');
  expect(remaining(1_000, 1_000)).toBeUndefined();
});
