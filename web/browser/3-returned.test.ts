import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, first, openBrowser, record } from './desk.ts';
import { Handset } from './handset.ts';
import { tabTo } from './keyboard.ts';

let browser: Browser;
let desk: Desk;
let handset: Handset;
beforeAll(async () => {
  browser = await openBrowser();
  desk = await Desk.open(browser);
  await desk.signIn('reviewer');
  const people = await desk.ask<{ id: string; role: string }[]>('/api/v1/people');
  handset = await Handset.enrol(first(people, ({ role }) => role === 'promoter').id, '退回测试机');
});
afterAll(async () => {
  await handset.away();
  await desk.close();
  await browser.close();
});

test('a record is returned, and comes back corrected', async () => {
  const { page } = desk;
  const id = await handset.lead('张三（电话不全）');
  await page.goto(`/records/${id}`);
  await page.getByRole('button', { name: 'Return' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').fill('请补全姓名');
  await dialog.getByRole('button', { name: 'Return' }).click();
  await page.locator('.verdict-note').getByText('请补全姓名').waitFor();

  await handset.rename(id, '张三丰');
  // The page hears of it, and shows what has changed before anything can be decided.
  const news = page.locator('.stale');
  await news.getByText('张三丰').waitFor();
  expect(await page.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true);
  await news.getByRole('button', { name: 'I have seen this' }).click();
  await page.getByRole('heading', { name: '张三丰' }).waitFor();
  const history = page.getByRole('region', { name: 'History' });
  await history.getByText('张三（电话不全）').first().waitFor();
  await history.getByText('张三丰').first().waitFor();
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('button', { name: 'Reopen' }).waitFor();
  expect((await record(desk, id)).line).toMatchObject({ review: 'approved', title: '张三丰' });
});

test('the same by keyboard alone', async () => {
  const { page } = desk;
  const { keyboard } = page;
  const id = await handset.lead('李四（待改）');
  await page.goto('/records?text=李四（待改）');
  await page.locator(`a.row-link[href$="${id}"]`).waitFor();
  await tabTo(page, `a.row-link[href$="${id}"]`);
  await keyboard.press('Enter');
  await page.getByRole('button', { name: 'Return' }).waitFor();
  await tabTo(page, '.page-head button:has(.anticon-rollback)');
  await keyboard.press('Enter');
  await page.locator('textarea#reason:focus').waitFor();
  await keyboard.type('请改姓名');
  await keyboard.press('Control+Enter');
  await page.locator('.verdict-note').getByText('请改姓名').waitFor();
  await handset.rename(id, '李四光');
  await expect.poll(async () => (await record(desk, id)).line.title).toBe('李四光');
});
