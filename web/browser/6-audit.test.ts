import { readSheet } from 'read-excel-file/node';
import { expect, test } from 'vitest';
import { contentsOf, Desk, first, lines, sitting } from './desk.ts';

const at = sitting('auditor');

test('the auditor finds who did what to a record, and goes there', async () => {
  const reviewer = await Desk.open(at.browser);
  await reviewer.signIn('reviewer');
  const me = await reviewer.ask<{ id: string; name: string }>('/api/v1/me');
  const { id, heads } = first(await lines(reviewer, 'state=received&conflict=false'));
  await reviewer.tell('POST', `/api/v1/records/${id}/review`, { state: 'returned', reason: '请核对日志', seen: heads });

  const { page } = at.desk;
  await page.getByRole('link', { name: 'Audit trail' }).click();
  await page.getByRole('heading', { name: 'Audit trail' }).waitFor();
  await page.getByLabel('Person', { exact: true }).fill(me.name);
  await page.locator('.ant-select-item-option').getByText(me.name, { exact: true }).filter({ visible: true }).click();
  await page.waitForURL(`**/audit?person=${me.id}`);
  const row = page.locator('tbody tr').filter({ hasText: '请核对日志' });
  await row.getByText(me.name).waitFor();
  await row.getByRole('link', { name: 'Decided about a record' }).click();
  await page.waitForURL(`**/records/${id}`);
  await reviewer.close();
});

test('older entries follow, and days bound them', async () => {
  const { page } = at.desk;
  await page.goto('/audit');
  const rows = page.locator('tbody tr.ant-table-row');
  await rows.first().waitFor();
  const before = await rows.count();
  await page.getByRole('button', { name: 'Load more' }).click();
  await expect.poll(() => rows.count()).toBeGreaterThan(before);
  await page.goto('/audit?to=2020-01-01');
  await page.getByText('No entries').waitFor();
});

test('the chain is checked, and the trail taken away with the link that the check names', async () => {
  const { page } = at.desk;
  await page.goto('/audit');
  await page.getByRole('button', { name: 'Check the chain' }).click();
  await page.getByText('Nobody has tampered with the trail').waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Take the chain' }).click()]);
  const entries = (await contentsOf(download)).toString().trimEnd().split('\n');
  const last = JSON.parse(entries.at(-1) ?? '') as { no: number; act: string; link: string };
  expect(last).toMatchObject({ no: entries.length, act: 'GET /api/v1/audit/chain' });
  await page.getByRole('button', { name: 'Check the chain' }).click();
  await page.locator('.audit-verification').getByText(last.link).waitFor();
});

test('what the filter finds is taken away as a table', async () => {
  const { page } = at.desk;
  const me = await at.desk.ask<{ id: string; name: string }>('/api/v1/me');
  await page.goto(`/audit?person=${me.id}`);
  await page.locator('tbody tr.ant-table-row').first().waitFor();
  await page.getByRole('button', { name: 'Export' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Excel' }).click()]);
  const [heading = [], ...rows] = await readSheet(await contentsOf(download));
  expect(heading.slice(0, 5)).toEqual(['No.', 'At', 'Name', 'From', 'Act']);
  expect(rows.length).toBeGreaterThan(0);
  expect(new Set(rows.map((row) => row[2]))).toEqual(new Set([me.name]));
});
