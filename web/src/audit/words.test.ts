import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { TrailEntry } from '../api/audit.ts';
import en from '../language/en-terms.ts';
import zh from '../language/zh-terms.ts';
import { detailText, recordOf } from './words.ts';

test('an entry leads to the record that it is about', () => {
  const about = (subject: string) => recordOf({ subject } as TrailEntry);
  expect(about('/api/v1/records/01a21ff1-7274-741a-92e8-4fd005399771/review')).toBe('01a21ff1-7274-741a-92e8-4fd005399771');
  expect(about('/api/v1/records/export')).toBeUndefined();
  expect(about('daybook admin')).toBeUndefined();
});

test('what was done is said on one line, without what was taken out', () => {
  expect(detailText({ state: 'returned', reason: '请补充', seen: ['ab'], password: null })).toBe('state: returned · reason: 请补充');
  expect(detailText('form=csv&text=%E6%9D%8E')).toBe('form=csv&text=李');
  expect(detailText('%E6%9')).toBe('%E6%9');
  expect(detailText(null)).toBe('');
});

test('lists and people are said as people say them', () => {
  const wording = {
    named: (id: string) => (id === '01' ? '张伟' : undefined),
    part: (name: string) => (name === 'to' ? '交给' : name),
    meant: (part: string, word: string) => (part === 'role' && word === 'promoter' ? '渠道专员' : undefined),
    yesOrNo: (yes: boolean) => (yes ? '是' : '否'),
  };
  const missing = [{ device: '7a', reason: '没电了' }, { device: '7b', reason: '休息' }];
  expect(detailText({ missing }, wording)).toBe('missing: device: 7a, reason: 没电了; device: 7b, reason: 休息');
  expect(detailText({ to: '01', names: ['李静', '陈晨'] }, wording)).toBe('交给: 张伟 · names: 李静, 陈晨');
  expect(detailText({ at_once: true }, wording)).toBe('at_once: 是');
  expect(detailText({ role: 'promoter', name: 'promoter' }, wording)).toBe('role: 渠道专员 · name: promoter');
  expect(detailText({ confirmation_slip: 'ab'.repeat(32) })).toBe('confirmation_slip: abababab…');
});

test('what was set stands beside what it was before', () => {
  const before = { name: '远方', thresholds: { geofence_m: 500 } };
  const after = { name: '远方地产', thresholds: { geofence_m: 300, travel_km_h: null } };
  expect(detailText({ before, after })).toBe('name: 远方 → 远方地产 · geofence_m: 500 → 300');
});

test('whatever the trail notes has words in both languages', () => {
  const document = new URL('../../../server/tests/http/openapi.json', import.meta.url);
  const { paths } = JSON.parse(readFileSync(document, 'utf8')) as { paths: Record<string, Record<string, unknown>> };
  // Sessions begin and end under names of their own. That somebody looks at a record, or for what, is not noted.
  const unnoted = ['/api/v1/session', '/api/v1/records/{id}/presence', '/api/v1/presets', '/api/v1/presets/{id}'];
  const acts = Object.entries(paths)
    .filter(([path]) => path.startsWith('/api/') && !unnoted.includes(path))
    .flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`))
    // Of what is only read the lists that are taken away are noted.
    .filter((act) => !act.startsWith('GET ') || act.endsWith('/export'));
  for (const { operation } of [en, zh]) expect(acts.filter((act) => !(act in operation))).toEqual([]);
});
