import { mkdir } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, first, lines, openBrowser } from './desk.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
  await mkdir(PICTURES, { recursive: true });
});
afterAll(() => browser.close());

const PICTURES = new URL('pictures/', import.meta.url).pathname;
const PAGES = ['/records', '/review', '/amendments', '/quarantine', '/strays', '/people', '/teams', '/devices'];

/** Everything is there: nothing is being fetched, and no page shows that it waits. */
async function settled(desk: Desk): Promise<void> {
  await desk.page.locator('#main h1').waitFor();
  await desk.page.waitForLoadState('networkidle');
  await desk.page.locator('.ant-skeleton').waitFor({ state: 'detached' });
}

// axe is slow: it looks at each language and at each width once.
for (const [locale, width, withAxe] of [
  ['zh-CN', 1280, true],
  ['en-GB', 1280, false],
  ['zh-CN', 820, false],
  ['en-GB', 820, true],
] as const) {
  test(`each page ${withAxe ? 'is accessible and ' : ''}fits, ${locale} at ${width} pixels`, async () => {
    const desk = await Desk.open(browser, { locale, width });
    const { page } = desk;
    const look = async (name: string) => {
      await page.screenshot({ path: `${PICTURES}${locale}-${width}-${name}.png` });
      if (withAxe) expect(await desk.barriers(), name).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), name).toBeLessThanOrEqual(0);
    };
    await page.goto('/sign-in');
    await page.locator('input[autocomplete=username]').waitFor();
    await look('sign-in');
    await desk.signIn('hq_admin');
    for (const path of PAGES) {
      await page.goto(path);
      await settled(desk);
      await look(path.slice(1));
    }
    for (const query of ['kind=lead&conflict=true', 'kind=visit', 'kind=survey']) {
      const { id, kind } = first(await lines(desk, query));
      await page.goto(`/records/${id}`);
      await settled(desk);
      await look(`record-${kind}`);
    }
    await desk.close();
  });
}
