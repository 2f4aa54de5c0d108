import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, openBrowser } from './desk.ts';
import { foreignNames } from './foreign.ts';
import { settled } from './pages.ts';

const at = {} as { desk: Desk; away: () => Promise<void> };
beforeAll(async () => {
  const browser = await openBrowser();
  at.desk = await Desk.open(browser, { locale: 'zh-CN' });
  at.away = async () => {
    await at.desk.close();
    await browser.close();
  };
  await at.desk.signIn('hq_admin');
});
afterAll(() => at.away());

/** Parts of antd that say something by themselves, and only once somebody uses them. */
const PARTS: [string, string, (page: Page) => Promise<unknown>][] = [
  ['a choice that is open', '/records?kind=visit', async (page) => {
    await page.getByRole('combobox', { name: '类型' }).click();
    await page.locator('.ant-select-dropdown').waitFor();
  }],
  ['days to choose from', '/records', async (page) => {
    await page.locator('.filters .days input').first().click();
    await page.locator('.ant-picker-dropdown table').first().waitFor();
  }],
  ['a search', '/records', (page) => page.getByRole('searchbox').fill('某')],
  ['columns to choose from', '/records', async (page) => {
    await page.getByRole('button', { name: '列', exact: true }).click();
    await page.locator('.column-choice').waitFor();
  }],
  ['lines that are chosen', '/records', (page) => page.getByRole('checkbox', { name: '全选本页' }).check()],
  ['a condition that can be taken away', '/records?unsealed=true', (page) => page.locator('.ant-tag').waitFor()],
  ['a list in pages', '/records?view=map', (page) => page.locator('.pins-above > *').first().waitFor()],
  ['a password', '/account', (page) => page.locator('input[type=password]').first().fill('某')],
];

test('what antd says by itself is Chinese too', async () => {
  const { page } = at.desk;
  for (const [what, path, use] of PARTS) {
    await page.goto(path);
    await settled(page);
    await use(page);
    expect(await foreignNames(page), what).toEqual([]);
  }
});

test('a name that is English is found', async () => {
  const { page } = at.desk;
  await page.goto('/account');
  await settled(page);
  await page.evaluate(() => document.querySelector('h1')?.insertAdjacentHTML('afterend', '<button aria-label="Close">×</button>'));
  expect(await foreignNames(page)).toEqual(['button: Close']);
});
