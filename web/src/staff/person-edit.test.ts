import { expect, test } from 'vitest';
import { editOf } from './person-edit.ts';

const person = { id: 'p', name: '张伟', role: 'promoter' as const, office: 'o1', team: 't1', active: true };

test('only what is different is sent', () => {
  expect(editOf(person, { role: 'promoter', office: 'o1', team: 't1', active: true })).toEqual({});
  expect(editOf(person, { role: 'promoter', office: 'o1', active: true })).toEqual({ team: null });
  expect(editOf(person, { role: 'supervisor', office: 'o2', team: 't2', active: false })).toEqual({
    role: 'supervisor',
    active: false,
    office: 'o2',
    team: 't2',
  });
});
