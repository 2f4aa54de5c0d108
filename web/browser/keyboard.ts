import type { Page } from 'playwright-core';

/** Goes on with the tab key until something has the focus. */
export async function tabTo(page: Page, selector: string): Promise<void> {
  for (let steps = 0; steps < 200; steps += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((selector) => document.activeElement?.matches(selector) ?? false, selector)) return;
  }
  throw new Error(`the tab key does not reach ${selector}`);
}

/** Tabs to something once it is there, and presses a key on it. */
export async function use(page: Page, selector: string, key = 'Enter'): Promise<void> {
  await page.locator(selector).first().waitFor();
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
