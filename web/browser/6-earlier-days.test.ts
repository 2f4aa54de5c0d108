import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { admin } from './admin.ts';
import { contentsOf, Desk, openBrowser } from './desk.ts';
import { Handset } from './handset.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

/** An office where each day begins first, and a phone where it ends last: what that saves now is of an earlier day there. */
const EARLIEST = 'Pacific/Kiritimati';
const LATEST = 'Etc/GMT+12';

test('an earlier day that nobody closed is found, closed, and found again when something comes late', async () => {
  const name = '往日分所';
  const { id: office } = await admin<{ id: string }>('office', 'create', '--name', name, '--time-zone', EARLIEST);
  const { id: team } = await admin<{ id: string }>('team', 'create', '--office', office, '--name', '往日一队');
  const login = `secretary.${office}`;
  const { password } = await admin<{ password: string }>(
    ...['person', 'create', '--name', '往日秘书', '--role', 'secretary', '--office', office, '--login', login],
  );
  const { id: promoter } = await admin<{ id: string }>('person', 'create', '--name', '往日', '--role', 'promoter', '--team', team);
  const desk = await Desk.open(browser);
  const { page } = desk;
  await desk.signInAs({ login, password });
  await page.getByRole('link', { name: 'Today' }).click();
  const earlier = page.getByRole('region', { name: 'Earlier days' }).first();
  await earlier.getByText('Nothing is left').waitFor();

  const phone = await Handset.enrol(promoter, '往日的手机', LATEST);
  await phone.lead('昨天的客户');
  const row = earlier.locator('tbody tr').filter({ hasText: name });
  await row.getByText('Not closed').waitFor();
  await earlier.getByRole('button', { name: 'Export' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
  const [, line = ''] = (await contentsOf(download)).toString().trim().split('\r\n');
  expect(line.split(',').slice(1)).toEqual([name, 'No', '0', '0']);
  await page.keyboard.press('Escape');

  await row.getByRole('link').click();
  await page.waitForURL(`**/offices/${office}/days/**`);
  await page.getByRole('button', { name: 'Close the day' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Seal and close' }).click();
  await page.getByRole('heading', { name: 'Statement of the day' }).waitFor();
  await page.getByRole('link', { name: 'Today' }).click();
  await earlier.getByText('Nothing is left').waitFor();

  const late = await phone.lead('迟到的客户');
  await row.getByRole('link', { name: 'Late 1' }).click();
  const tray = page.getByRole('region', { name: 'Late tray' });
  await tray.locator(`a[href$="${late}"]`).waitFor();
  await desk.close();
  await phone.away();
});
