import type { Locator, Page } from 'playwright-core';

/** Goes on with the tab key until something that is, or soon will be, on the page has the focus. */
export async function tabTo(page: Page, thing: string | Locator): Promise<void> {
  const target = typeof thing === 'string' ? page.locator(thing) : thing;
  await target.first().waitFor();
  const focused = target.and(page.locator(':focus'));
  for (let steps = 0; steps < 200; steps += 1) {
    await page.keyboard.press('Tab');
    if ((await focused.count()) > 0) return;
  }
  throw new Error(`the tab key does not reach ${String(thing)}`);
}

/** Tabs to something once it is there, and presses a key on it. */
export async function use(page: Page, selector: string, key = 'Enter'): Promise<void> {
  await tabTo(page, selector);
  await page.keyboard.press(key);
}

/** Signs in from the first page, with the keys alone. */
export async function signInByKeys(page: Page, staff: { login: string; password: string }): Promise<void> {
  await page.goto('/');
  await page.locator('input[autocomplete=username]:focus').waitFor();
  await page.keyboard.type(staff.login);
  await page.keyboard.press('Tab');
  await page.keyboard.type(staff.password);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/records');
}
