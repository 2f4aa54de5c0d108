import type { Locator, Page } from 'playwright-core';
import { tabTo } from './keyboard.ts';

/** How somebody works the pages. */
export interface Hands {
  /** Uses what is, or soon will be, on the page; `key` is what the keyboard uses it with. */
  use(thing: Locator, key?: string): Promise<void>;
  /** Writes into a field, in place of what it holds. */
  write(field: Locator, words: string): Promise<void>;
  /** Has what is written in a dialog sent. */
  send(dialog: Locator): Promise<void>;
  /** Picks one of the values that open below a field. */
  pick(field: Locator, value: string): Promise<void>;
}

/** The keyboard alone: whatever is used is reached with the tab key. */
export const keys = (page: Page): Hands => ({
  async use(thing, key = 'Enter') {
    await tabTo(page, thing);
    await page.keyboard.press(key);
  },
  async write(field, words) {
    await tabTo(page, field);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type(words);
  },
  send: () => page.keyboard.press('Control+Enter'),
  async pick(field, value) {
    await this.write(field, value.slice(0, -1));
    await offered(page, value).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
  },
});

export const mouse = (page: Page): Hands => ({
  use: (thing) => thing.click(),
  write: (field, words) => field.fill(words),
  send: (dialog) => dialog.locator('.ant-modal-footer .ant-btn-primary').click(),
  async pick(field, value) {
    await field.click();
    await offered(page, value).click();
  },
});

const offered = (page: Page, value: string): Locator =>
  page.locator('.ant-select-item-option').filter({ visible: true }).getByText(value, { exact: true });
