import type { Page } from 'playwright-core';

/** Every page that stands in the menu. */
export const PAGES = [
  '/days',
  '/records',
  '/records?view=map&kind=visit',
  '/review',
  '/leads',
  '/surveys',
  '/photos',
  '/amendments',
  '/quarantine',
  '/strays',
  '/people',
  '/teams',
  '/rota',
  '/devices',
  '/audit',
  '/account',
  '/settings',
  '/system',
];

/** Everything is there: nothing is being fetched, and no page shows that it waits. */
export async function settled(page: Page): Promise<void> {
  await page.locator('#main h1').waitFor();
  // The line on which news come is open all the time, so the network is never idle.
  await page.locator('#main[aria-busy=false]').waitFor();
  await page.waitForSelector('.ant-skeleton', { state: 'detached' });
}
