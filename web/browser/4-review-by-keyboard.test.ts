import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Desk, openBrowser, record } from './desk.ts';
import { signInByKeys, tabTo } from './keyboard.ts';

let browser: Browser;
let desk: Desk;
beforeAll(async () => {
  browser = await openBrowser();
  desk = await Desk.open(browser);
});
afterAll(async () => {
  await desk.close();
  await browser.close();
});

const here = () => desk.page.locator('.queued-here');
const idHere = async () => (await desk.page.locator('.review-head h2 a').getAttribute('href'))?.split('/').pop() ?? '';

/** Waits until the item on the screen is the one that the queue marks, and can be decided about. */
async function ready(): Promise<string> {
  await desk.page.locator('.review-head .ant-btn-primary:enabled').waitFor();
  return idHere();
}

test('an evening of review without a mouse', async () => {
  const { page } = desk;
  await signInByKeys(page, inject('house').staff.reviewer!);
  await tabTo(page, 'nav a[href="/review"]');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/review');

  const one = await ready();
  await page.keyboard.press('?');
  await page.getByRole('dialog').getByText('next record').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });

  await page.keyboard.press('j');
  await expect.poll(ready).not.toBe(one);
  await page.keyboard.press('k');
  await expect.poll(ready).toBe(one);

  // Approve: a record in conflict asks first.
  await page.keyboard.press('a');
  const asks = page.getByRole('dialog').getByText('Approve with concurrent values?');
  if ((await record(desk, one)).line.conflicts > 0) {
    await asks.waitFor();
    await page.keyboard.press('Enter');
  }
  await expect.poll(async () => (await record(desk, one)).line.review).toBe('approved');
  await expect.poll(ready).not.toBe(one);

  for (const [key, state] of [['r', 'returned'], ['x', 'rejected']] as const) {
    const id = await ready();
    await page.keyboard.press(key);
    await page.locator('textarea#reason:focus').waitFor();
    await page.keyboard.type('axr jk');
    await page.keyboard.press('Control+Enter');
    await expect.poll(async () => (await record(desk, id)).line.review).toBe(state);
    expect((await record(desk, id)).line.review_reason).toBe('axr jk');
    await expect.poll(ready).not.toBe(id);
  }
  await page.getByText('3 decided this sitting').waitFor();

  const last = await ready();
  await page.keyboard.press('o');
  await page.waitForURL(`**/records/${last}`);

  // Whoever comes back finds the queue as they left it, with what they decided.
  await page.goBack();
  await page.waitForURL('**/review**');
  await expect.poll(ready).toBe(last);
  await page.getByText('3 decided this sitting').waitFor();
  expect(await page.locator('.queued .standing').count()).toBe(3);
});

test('a decision that comes too late is said while one is elsewhere already, and wants another look', async () => {
  const { page } = desk;
  await desk.goDeaf();
  await page.goto('/review?kind=lead&conflict=false');
  const id = await ready();
  const other = await Desk.open(browser);
  await other.signIn('hq_admin');
  await other.tell('PATCH', `/api/v1/records/${id}/facts`, { facts: { occupation: '宇航员' } });
  await page.keyboard.press('a');
  await expect.poll(idHere).not.toBe(id);
  const notice = page.locator('.ant-notification-notice').filter({ hasText: 'Not taken' });
  await notice.waitFor();
  expect((await record(desk, id)).line.review).toBe('received');
  await notice.getByRole('button', { name: 'Look again' }).click();
  await page.locator('.stale').getByText('宇航员').waitFor();
  expect(await here().innerText()).toContain('Not taken');
  await page.keyboard.press('a');
  expect((await record(desk, id)).line.review).toBe('received');
  await page.locator('.stale').getByRole('button', { name: 'I have seen this' }).click();
  await ready();
  await page.keyboard.press('a');
  await expect.poll(async () => (await record(desk, id)).line.review).toBe('approved');
  await other.close();
});
