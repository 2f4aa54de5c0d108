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

/** Whoever looks sees the page: nothing is being fetched, and nothing in the window waits. */
export async function shown(page: Page): Promise<void> {
  await page.locator('#main h1').waitFor();
  // The line on which news come is open all the time, so the network is never idle.
  await page.locator('#main[aria-busy=false]').waitFor();
  await page.waitForSelector('.ant-skeleton', { state: 'detached' });
}

/** Everything is there, also what lies below the window. */
export async function settled(page: Page): Promise<void> {
  await shown(page);
  await page.waitForSelector('.growing', { state: 'detached' });
}
