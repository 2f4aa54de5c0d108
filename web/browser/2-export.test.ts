import type { Download } from 'playwright-core';
import { readSheet } from 'read-excel-file/node';
import { expect, test } from 'vitest';
import { contentsOf, lines, sitting } from './desk.ts';

const at = sitting('secretary');

async function take(form: string): Promise<Download> {
  const { page } = at.desk;
  await page.locator('.page-head').getByRole('button', { name: 'Export' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: form }).click()]);
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  return download;
}

const counted = async (filter: string) => (await at.desk.ask<{ count: number }>(`/api/v1/records/count?${filter}`)).count;

test('the list is taken away as a spreadsheet that opens, all pages of it and nothing of other offices', async () => {
  const { page } = at.desk;
  await page.goto('/records?conflict=false');
  await page.locator('tbody .row-link').first().waitFor();
  const download = await take('Excel');
  expect(download.suggestedFilename()).toMatch(/^Records_\d{4}-\d\d-\d\d\.xlsx$/);
  await page.getByText(`Saved: ${download.suggestedFilename()}`).waitFor();
  const [heading = [], ...rows] = await readSheet(await contentsOf(download));
  expect(rows.length).toBe(await counted('conflict=false'));
  expect(rows.length).toBeGreaterThan(50);
  const column = (name: string) => rows.map((row) => row[heading.indexOf(name)]);
  expect(new Set(column('Conflicts'))).toEqual(new Set([0]));
  expect(new Set(column('Office')).size).toBe(1);
  const shown = await page.locator('tbody .row-link').allInnerTexts();
  expect(column('Title').slice(0, shown.length)).toEqual(shown);
});

test('as text it has the words of the page’s language', async () => {
  const { page } = at.desk;
  await page.goto('/records?kind=visit&state=received');
  await page.locator('tbody .row-link').first().waitFor();
  const text = (await contentsOf(await take('CSV'))).toString();
  expect(text.startsWith('\ufeffRecord,Kind,Title,')).toBe(true);
  expect(text.trimEnd().split('\n').length).toBe(1 + (await counted('kind=visit&state=received')));
});

test('while it is made one can give up, and a file that breaks off is not saved', async () => {
  const { page } = at.desk;
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

test('every list can be taken away', async () => {
  const { page } = at.desk;
  const me = await at.desk.ask<{ office: string }>('/api/v1/me');
  const [newest] = await lines(at.desk, 'limit=1');
  const board = `/offices/${me.office}/days/${newest?.day}`;
  for (const [path, heading] of [
    ['/people', 'Person,Name,'],
    ['/devices', 'Phone no.,Phone,'],
    ['/amendments', 'Record,Title,'],
    ['/leads', 'Case,Elsewhere,'],
    ['/photos', 'Photo,Received at,'],
    ['/surveys', 'Form,Version,'],
    ['/days', 'Office,Closed,'],
    [board, 'Name,Team,'],
  ] as const) {
    await page.goto(path);
    const text = (await contentsOf(await take('CSV'))).toString();
    expect(text.startsWith(`\ufeff${heading}`), path).toBe(true);
  }
});
