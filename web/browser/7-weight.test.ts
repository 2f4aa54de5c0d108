import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, openBrowser } from './desk.ts';
import { settled } from './pages.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

/** What the first page may weigh as it is sent, in bytes. */
const MOST = 350 * 1024;
/** What it and the list behind it may weigh together. Of the list antd's table and its fields for days and choices are the
 * most: as long as pages have them it can't be as light as the first page, but it grows no further without anybody noticing. */
const MOST_WITH_LIST = 520 * 1024;

const sent = ({ page }: Desk) =>
  page.evaluate(() =>
    (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
      .filter(({ name }) => /\/assets\//.test(name))
      .reduce((sum, { transferSize }) => sum + transferSize, 0),
  );

test('the first page weighs at most 350 KB, and comes from the cache the second time', async () => {
  const desk = await Desk.open(browser);
  const { page } = desk;
  await page.goto('/sign-in');
  await page.locator('input[autocomplete=username]').waitFor();
  await page.waitForLoadState('networkidle');
  const first = await sent(desk);
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThanOrEqual(MOST);
  await page.reload();
  await page.locator('input[autocomplete=username]').waitFor();
  expect(await sent(desk)).toBe(0);
  await desk.close();
});

test('the first page and the list behind it weigh at most 520 KB together', async () => {
  const desk = await Desk.open(browser);
  await desk.signIn('reviewer');
  await desk.page.locator('tbody .row-link').first().waitFor();
  await settled(desk.page);
  const both = await sent(desk);
  expect(both).toBeGreaterThan(MOST);
  expect(both).toBeLessThanOrEqual(MOST_WITH_LIST);
  await desk.close();
});
