import { expect, test } from 'vitest';
import { edit, FIELDS, sortOf } from './fields.ts';

test('keys of maps are written one by one, whatever stands in them', () => {
  expect(edit('name', '张伟')).toEqual({ name: '张伟' });
  expect(edit('phones/+8613312343333', '本人')).toEqual({ phones: { '+8613312343333': '本人' } });
  expect(edit('answers/children[0]/age', 7)).toEqual({ answers: { 'children[0]/age': 7 } });
});

test('a field is shown by the part of the record in which it stands', () => {
  expect(sortOf('office', 'owner')).toEqual({ as: 'person' });
  expect(sortOf('facts', 'budget', 'lead')).toEqual({ as: 'decimal' });
  expect(sortOf('facts', 'phones/+8613312343333', 'lead')).toEqual({ as: 'line' });
  expect(sortOf('facts', 'of_a_newer_app', 'visit')).toEqual({ as: 'line' });
});

test('no kind names a field twice', () => {
  for (const fields of Object.values(FIELDS)) {
    const names = fields.map((field) => field.name);
    expect(new Set(names).size).toBe(names.length);
  }
});
