import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, first, openBrowser, record } from './desk.ts';
import { Handset } from './handset.ts';

let browser: Browser;
let desk: Desk;
let handset: Handset;
beforeAll(async () => {
  browser = await openBrowser();
  desk = await Desk.open(browser);
  await desk.signIn('hq_admin');
  const people = await desk.ask<{ id: string; role: string }[]>('/api/v1/people');
  handset = await Handset.enrol(first(people, ({ role }) => role === 'promoter').id, '标记测试机');
});
afterAll(async () => {
  await handset.away();
  await desk.close();
  await browser.close();
});

test('a flag says what speaks for it, and leads to the record that has to do with it', async () => {
  const { page } = desk;
  const picture = new URL('picture.png', import.meta.url).pathname;
  const [one, other] = [await handset.lead('照片甲'), await handset.lead('照片乙')];
  await handset.photo(one, picture);
  await handset.photo(other, picture);
  await page.goto('/records?text=照片乙');
  await page.getByLabel('Flag', { exact: true }).click();
  await page.getByTitle('Any flag', { exact: true }).click();
  await page.waitForURL('**flag=any**');
  await page.locator(`a.row-link[href$="${other}"]`).click();
  const reasons = page.getByRole('region', { name: 'Why to look more closely' });
  await reasons.getByText('The customer’s consent is not noted.').waitFor();
  await reasons.getByText('Repeated photo').first().waitFor();
  await reasons.locator(`a[href$="${one}"]`).click();
  await page.waitForURL(`**/records/${one}`);
  expect((await record(desk, one)).line.flags).toContain('repeated_photo');
});

test('an administrator says from when on flags are raised, whoever else reads it', async () => {
  const { page } = desk;
  await page.getByRole('link', { name: 'Settings' }).click();
  const speed = page.getByLabel('Speed between two records');
  await speed.fill('5');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('.ant-form-item-explain-error').getByText('20 to 2000').waitFor();
  await speed.fill('200');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  const { thresholds } = await desk.ask<{ thresholds: Record<string, number> }>('/api/v1/organisation');
  expect(thresholds).toMatchObject({ travel_km_h: 200, geofence_m: 500 });

  const reviewer = await Desk.open(browser);
  await reviewer.signIn('reviewer');
  await reviewer.page.goto('/settings');
  await reviewer.page.getByText('Administrators of head quarters change these.').waitFor();
  expect(await reviewer.page.getByLabel('Speed between two records').inputValue()).toBe('200');
  expect(await reviewer.page.getByLabel('Speed between two records').isDisabled()).toBe(true);
  await reviewer.close();
});
