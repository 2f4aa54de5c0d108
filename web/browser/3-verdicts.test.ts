import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, first, lines, openBrowser, record } from './desk.ts';

let browser: Browser;
let desk: Desk;
beforeAll(async () => {
  browser = await openBrowser();
  desk = await Desk.open(browser);
  await desk.signIn('reviewer');
});
afterAll(async () => {
  await desk.close();
  await browser.close();
});

const open = async () => first(await lines(desk, 'state=received&conflict=false'));

test('a record is approved, and reopened', async () => {
  const { page } = desk;
  const { id } = await open();
  await page.goto(`/records/${id}`);
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('button', { name: 'Reopen' }).waitFor();
  expect((await record(desk, id)).line.review).toBe('approved');
  await page.getByRole('button', { name: 'Reopen' }).click();
  await page.getByRole('button', { name: 'Approve' }).waitFor();
  expect((await record(desk, id)).line.review).toBe('received');
});

test('returning and rejecting need a reason, which stands in the record', async () => {
  const { page } = desk;
  for (const [button, state, reason] of [
    ['Return', 'returned', '请补充电话'],
    ['Reject', 'rejected', '重复登记'],
  ] as const) {
    const { id } = await open();
    await page.goto(`/records/${id}`);
    await page.getByRole('button', { name: button }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: button }).click();
    await dialog.getByText('Say why').waitFor();
    await dialog.getByLabel('Reason').fill(reason);
    await dialog.getByRole('button', { name: button }).click();
    await page.locator('.verdict-note').getByText(reason).waitFor();
    expect((await record(desk, id)).line).toMatchObject({ review: state, review_reason: reason });
  }
});

test('the second reviewer’s stale decision is refused with what changed, and taken after a look', async () => {
  const other = await Desk.open(browser);
  await other.signIn('hq_admin');
  const { page } = desk;
  const lead = first(await lines(desk, 'state=received&conflict=false&kind=lead'));
  await desk.goDeaf();
  await page.goto(`/records/${lead.id}`);
  await page.getByRole('button', { name: 'Approve' }).waitFor();

  await other.tell('PATCH', `/api/v1/records/${lead.id}/facts`, { occupation: '飞行员' });
  await page.getByRole('button', { name: 'Approve' }).click();
  const stale = page.locator('.stale');
  await stale.getByText('This record changed while you were looking at it').waitFor();
  await stale.getByText('Your decision was not taken.').waitFor();
  await stale.getByText('飞行员').waitFor();
  expect(await page.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true);
  expect((await record(desk, lead.id)).line.review).toBe('received');

  await stale.getByRole('button', { name: 'I have seen this' }).click();
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('button', { name: 'Reopen' }).waitFor();
  expect((await record(desk, lead.id)).line.review).toBe('approved');
  await other.close();
});
