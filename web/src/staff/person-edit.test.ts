import { expect, test } from 'vitest';
import { editOf, newcomerOf } from './person-edit.ts';

const person = { id: 'p', name: '张伟', role: 'promoter' as const, office: 'o1', team: 't1', active: true, signs_in: false };

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

test('somebody new has what their role needs', () => {
  const blank = { name: ' ', login: '' };
  expect(newcomerOf({ ...blank, role: 'supervisor' }).lacks).toEqual(['name', 'office', 'team']);
  expect(newcomerOf({ ...blank, role: 'secretary' }).lacks).toEqual(['name', 'office', 'login']);
  expect(newcomerOf({ ...blank, role: 'auditor' }).lacks).toEqual(['name', 'login']);
  const { newcomer } = newcomerOf({ name: ' 张伟 ', role: 'promoter', office: 'o', team: 't', login: ' ' });
  expect(newcomer).toEqual({ name: '张伟', role: 'promoter', office: 'o', team: 't', login: undefined });
});
