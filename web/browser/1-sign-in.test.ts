import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Desk, openBrowser } from './desk.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

test('a wrong password is refused with what to do, and the right one leads to where one wanted to go', async () => {
  const desk = await Desk.open(browser);
  const { page } = desk;
  const { login, password } = inject('house').staff.reviewer!;
  await page.goto('/devices?unsent=true');
  await page.waitForURL('**/sign-in?then=**');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Enter your login.').waitFor();
  await page.getByLabel('Login').fill(login);
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('Login or password is wrong').waitFor();
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/devices?unsent=true');
  await page.getByRole('heading', { name: 'Devices' }).waitFor();

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in');
  await page.goto('/records');
  await page.waitForURL('**/sign-in?then=**');
  await desk.close();
});

test('the browser says the language first, then whoever uses it, and it is remembered', async () => {
  const desk = await Desk.open(browser, { locale: 'zh-CN' });
  const { page } = desk;
  await desk.signIn('secretary');
  await page.getByRole('heading', { name: '记录' }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('zh-CN');
  expect(await page.title()).toBe('记录 · Daybook');
  await page.locator('.who').getByText('English').click();
  await page.getByRole('heading', { name: 'Records' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Records' }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('en-GB');
  await desk.close();
});

test('the menu holds what a role can use, and addresses that are none say so', async () => {
  const desk = await Desk.open(browser);
  const { page } = desk;
  await desk.signIn('secretary');
  const menu = page.getByRole('navigation').getByRole('link');
  await menu.first().waitFor();
  expect(await menu.allInnerTexts()).toEqual([
    'Today',
    'Review',
    'Records',
    'Map',
    'Leads',
    'Surveys',
    'Photos',
    'Amendments',
    'People',
    'Teams',
    'Consultants',
    'Devices',
  ]);
  await page.goto('/no/such/page');
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
  await page.getByRole('link', { name: 'To the records' }).waitFor();
  await page.goto('/records/01a21fc4-228b-7483-a92a-30da56e6cf5e');
  await page.getByRole('alert').getByText('There is no such record').waitFor();
  await desk.close();
});
