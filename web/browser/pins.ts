import type { Locator } from 'playwright-core';

/** The pins of a map or a plan in a part of the page. */
export const pinsOf = (part: Locator): Locator => part.locator('.pins-above > *');

/** For how many records pins stand together: one that stands for several says how many. */
export const stoodFor = async (pins: Locator): Promise<number> =>
  (await pins.allInnerTexts()).reduce((sum, text) => sum + (text === '' ? 1 : Number(text.replaceAll(',', ''))), 0);
