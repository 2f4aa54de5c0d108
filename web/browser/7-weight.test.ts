import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, openBrowser } from './desk.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

/** What the first page may weigh as it is sent, in bytes. */
const MOST = 350 * 1024;

test('the first page weighs at most 350 KB, and comes from the cache the second time', async () => {
  const desk = await Desk.open(browser);
  const { page } = desk;
  const sent = () =>
    page.evaluate(() =>
      (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
        .filter(({ name }) => /\/assets\//.test(name))
        .reduce((sum, { transferSize }) => sum + transferSize, 0),
    );
  await page.goto('/sign-in');
  await page.locator('input[autocomplete=username]').waitFor();
  await page.waitForLoadState('networkidle');
  const first = await sent();
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThanOrEqual(MOST);
  await page.reload();
  await page.locator('input[autocomplete=username]').waitFor();
  expect(await sent()).toBe(0);
  await desk.close();
});
