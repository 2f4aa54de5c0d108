import { expect, test } from 'vitest';
import { fileName, signedFile, type Statement } from './statement-shape.ts';

test('the file holds the signed bytes untouched, under a name that every system takes', () => {
  const body = '{"form":"daybook/statement/1","office":"桂林"}';
  const file = signedFile({ body, signature: '01', key: '02', number: 0, sealed_at: 1, statement: {} as Statement });
  expect(JSON.parse(file)).toEqual({ body, signature: '01', key: '02' });
  expect(fileName({ office: { id: 'o', name: '桂林 / 分所' }, day: '2026-03-05', number: 1 } as Statement)).toBe(
    '桂林-分所_2026-03-05_1.json',
  );
});
