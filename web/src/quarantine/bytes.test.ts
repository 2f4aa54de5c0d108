import { expect, test } from 'vitest';
import { dump } from './bytes.ts';

test('bytes are shown sixteen a line, aligned to the end', () => {
  const lines = dump(btoa(`${'A'.repeat(16)}\u0000b`)).split('\n');
  expect(lines[0]).toBe(`000000  ${'41 '.repeat(16)} AAAAAAAAAAAAAAAA`);
  expect(lines[1]).toBe(`000010  00 62${' '.repeat(43)} .b`);
  expect(dump('')).toBe('');
});
