import { readFile } from 'node:fs/promises';
import type { Browser, Download } from 'playwright-core';
import { readSheet } from 'read-excel-file/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, openBrowser } from './desk.ts';
import { tabTo } from './keyboard.ts';

let browser: Browser;
let desk: Desk;
beforeAll(async () => {
  browser = await openBrowser();
  desk = await Desk.open(browser);
  await desk.signIn('secretary');
});
afterAll(async () => {
  await desk.close();
  await browser.close();
});

async function take(form: string): Promise<Download> {
  const { page } = desk;
  await page.getByRole('button', { name: 'Export' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: form }).click()]);
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  return download;
}

const counted = async (filter: string) => (await desk.ask<{ count: number }>(`/api/v1/records/count?${filter}`)).count;

test('the list is taken away as a spreadsheet that opens, all pages of it and nothing of other offices', async () => {
  const { page } = desk;
  await page.goto('/records?conflict=false');
  await page.locator('tbody .row-link').first().waitFor();
  const download = await take('Excel');
  expect(download.suggestedFilename()).toMatch(/^Records_\d{4}-\d\d-\d\d\.xlsx$/);
  await page.getByText(`Saved: ${download.suggestedFilename()}`).waitFor();
  const [heading = [], ...rows] = await readSheet(await download.path());
  expect(rows.length).toBe(await counted('conflict=false'));
  expect(rows.length).toBeGreaterThan(50);
  const column = (name: string) => rows.map((row) => row[heading.indexOf(name)]);
  expect(new Set(column('Conflicts'))).toEqual(new Set([0]));
  expect(new Set(column('Office')).size).toBe(1);
  const shown = await page.locator('tbody .row-link').allInnerTexts();
  expect(column('Title').slice(0, shown.length)).toEqual(shown);
});

test('as text it has the words of the page’s language', async () => {
  const { page } = desk;
  await page.goto('/records?kind=visit&state=received');
  await page.locator('tbody .row-link').first().waitFor();
  const text = await readFile(await (await take('CSV')).path(), 'utf8');
  expect(text.startsWith('\ufeffRecord,Kind,Title,')).toBe(true);
  expect(text.trimEnd().split('\n').length).toBe(1 + (await counted('kind=visit&state=received')));
});

test('the same by keyboard alone', async () => {
  const { page } = desk;
  await page.goto('/records?kind=survey');
  await page.locator('tbody .row-link').first().waitFor();
  await tabTo(page, '.page-head button:has(.anticon-download)');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByText(/^\d+ records of this list/).waitFor();
  await tabTo(page, '.ant-modal-footer .ant-btn-primary');
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  expect(download.suggestedFilename()).toMatch(/\.csv$/);
});

test('while it is made one can give up, and a file that breaks off is not saved', async () => {
  const { page } = desk;
  await page.goto('/records');
  await page.locator('tbody .row-link').first().waitFor();
  let saved = 0;
  page.on('download', () => (saved += 1));
  let give = (): void => undefined;
  await page.route('**/records/export?**', async (route) => {
    await new Promise<void>((resolve) => (give = resolve));
    await route.abort('connectionreset');
  });
  const dialog = page.getByRole('dialog');
  for (const ending of ['given up', 'broken off']) {
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByRole('button', { name: 'CSV' }).click();
    await dialog.getByText('The server is writing the file').waitFor();
    await dialog.getByText(/\d+ records of this list/).waitFor();
    if (ending === 'given up') {
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      give();
      await dialog.waitFor({ state: 'detached' });
      expect(await page.locator('.ant-notification-notice').count()).toBe(0);
    } else {
      give();
      await page.locator('.ant-notification-notice').getByText('The server cannot be reached').waitFor();
      await dialog.waitFor({ state: 'detached' });
    }
  }
  expect(saved).toBe(0);
});
